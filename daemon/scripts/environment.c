/* Environments of scripts and of evals; see environment.h. */
#include "scripts/environment.h"

void environment_push(lua_State *L)
{
    lua_newtable(L);
    lua_newtable(L);
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

/* What an eval reads and neither it nor another eval has set: what a loaded script defined, or
 * a global. The upvalue is where the registry has the list of the scripts' environments. */
static int environment_eval_index(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, (int)lua_tointeger(L, lua_upvalueindex(1)));
    int environments = lua_gettop(L);
    for (int i = (int)lua_objlen(L, environments); i >= 1; i--) {
        lua_rawgeti(L, environments, i);
        lua_pushvalue(L, 2);
        lua_rawget(L, -2);
        if (!lua_isnil(L, -1))
            return 1;
        lua_pop(L, 2);
    }
    lua_pushvalue(L, 2);
    lua_gettable(L, LUA_GLOBALSINDEX);
    return 1;
}

void environment_push_of_evals(lua_State *L, int environments)
{
    lua_newtable(L);
    lua_newtable(L); /* its metatable */
    lua_pushinteger(L, environments);
    lua_pushcclosure(L, environment_eval_index, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}
