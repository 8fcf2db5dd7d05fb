/* Flags and constants as scripts say them; see flags.h. */
#include "binding/flags.h"

#include "binding/number.h"
#include "util/error.h"

#include <lauxlib.h>

/* The value at the top of the stack, which is popped, joins the flags. */
static int flags_add(lua_State *L, const struct named_number *table, int *flags)
{
    int number = -1;
    if (lua_type(L, -1) == LUA_TNUMBER)
        number = number_to_int(L, -1);
    else if (lua_type(L, -1) == LUA_TSTRING)
        number = named_number(table, lua_tostring(L, -1));
    lua_pop(L, 1);
    if (number < 0)
        return -EINVAL;
    *flags |= number;
    return 0;
}

int flags_take(lua_State *L, int index, const struct named_number *table, int *out)
{
    *out = 0;
    if (lua_isnoneornil(L, index))
        return 0;
    if (!lua_istable(L, index)) {
        lua_pushvalue(L, index);
        return flags_add(L, table, out);
    }
    int result = 0, count = (int)lua_objlen(L, index);
    for (int i = 1; i <= count && result == 0; i++) {
        lua_rawgeti(L, index, i);
        result = flags_add(L, table, out);
    }
    return result;
}

void flags_push(lua_State *L, const struct named_number *table)
{
    lua_newtable(L);
    for (; table->name != NULL; table++) {
        lua_pushinteger(L, table->number);
        lua_setfield(L, -2, table->name);
    }
}
