/*
 * The C half of the module `log`: a text of one line or several, at a level.
 */
#include "binding/binding_private.h"
#include "util/log.h"

#include <lauxlib.h>

/* log(level, text) */
static int log_module_write(lua_State *L)
{
    lua_Integer level = luaL_checkinteger(L, 1);
    luaL_argcheck(L, level >= LOG_ERROR && level <= LOG_DEBUG, 1, "no such level");
    const char *text = luaL_checkstring(L, 2);
    if (log_enabled((enum log_level)level))
        log_text((enum log_level)level, text);
    return 0;
}

void log_module_open(lua_State *L, int internals)
{
    lua_pushcfunction(L, log_module_write);
    lua_setfield(L, internals, "log");
}
