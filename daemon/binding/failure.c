/* Errors as scripts see them; see failure.h. */
#include "binding/failure.h"

#include "fiber/fiber.h"
#include "util/error.h"

#include <lauxlib.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int failure_errno(int error)
{
    if (error >= 0)
        return 0;
    return error_is_eai(error) ? EIO : -error;
}

void failure_push_text(lua_State *L, int error)
{
    char text[128];
    if (error_is_eai(error))
        lua_pushstring(L, gai_strerror(error_eai_code(error)));
    else
        lua_pushstring(L, strerror_r(-error, text, sizeof text));
}

int failure_note(lua_State *L, int error)
{
    struct fiber *fiber = fiber_current(L);
    if (fiber != NULL)
        fiber_set_errno(fiber, failure_errno(error));
    return error;
}

/* The innermost level that is neither C nor of lua/. */
static int failure_level(lua_State *L)
{
    lua_Debug record;
    for (int level = 1; lua_getstack(L, level, &record); level++) {
        lua_getinfo(L, "S", &record);
        if (record.what[0] != 'C' && strncmp(record.source, "=sockd/", 7) != 0)
            return level;
    }
    return 1;
}

int failure_throw(lua_State *L, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    luaL_where(L, failure_level(L));
    lua_pushstring(L, text);
    lua_concat(L, 2);
    return lua_error(L);
}

int failure_or_true(lua_State *L, int error)
{
    lua_pushboolean(L, failure_note(L, error) >= 0);
    return 1;
}

int failure_nil(lua_State *L, int error)
{
    failure_note(L, error);
    lua_pushnil(L);
    return 1;
}

int failure_nil_text(lua_State *L, int error)
{
    failure_nil(L, error);
    failure_push_text(L, error);
    return 2;
}

int failure_full(lua_State *L, int error)
{
    failure_note(L, error);
    lua_pushstring(L, error == -ETIMEDOUT ? "timeout" : "error");
    lua_pushinteger(L, failure_errno(error));
    failure_push_text(L, error);
    return 4;
}
