/*
 * The C half of the module `log`: a text of one line or several, at a level.
 */
#include "binding/binding_private.h"
#include "binding/server.h"
#include "net/address.h"
#include "util/log.h"

#include <lauxlib.h>

/* log(level, text): about the fiber that says it, and the connection that it serves */
static int log_module_write(lua_State *L)
{
    lua_Integer level = luaL_checkinteger(L, 1);
    luaL_argcheck(L, level >= LOG_ERROR && level <= LOG_DEBUG, 1, "no such level");
    size_t size;
    const char *text = luaL_checklstring(L, 2, &size);
    if (!log_enabled((enum log_level)level))
        return 0;
    char peer[ADDRESS_STRING_MAX];
    struct log_about about = {.socket = 0};
    struct fiber *fiber = fiber_current(L);
    if (fiber != NULL)
        server_describe(fiber, peer, &about);
    about.by_handler = true;
    log_text_about((enum log_level)level, &about, text, size);
    return 0;
}

/* log_level([level]): sets it; returns the level that was */
static int log_module_level(lua_State *L)
{
    enum log_level before = log_level();
    if (!lua_isnoneornil(L, 1)) {
        lua_Integer level = luaL_checkinteger(L, 1);
        luaL_argcheck(L, level >= LOG_ERROR && level <= LOG_DEBUG, 1, "no such level");
        log_set_level((enum log_level)level);
    }
    lua_pushinteger(L, (lua_Integer)before);
    return 1;
}

void log_module_open(lua_State *L, int internals)
{
    lua_pushcfunction(L, log_module_write);
    lua_setfield(L, internals, "log");
    lua_pushcfunction(L, log_module_level);
    lua_setfield(L, internals, "log_level");
}
