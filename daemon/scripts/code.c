/* Functions by name and chunks of text; see code.h. */
#include "scripts/code.h"

#include "rpc/hooks.h"
#include "scripts/runtime_private.h"
#include "util/error.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int code_refuse(struct rpc_reason *reason, int error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason->text, sizeof reason->text, format, arguments);
    va_end(arguments);
    reason->refused = error == -EPERM || error == -EDQUOT;
    return error;
}

/* ---- by name ---- */

/* Pushes what the dotted name stands for within the table at the top, which it replaces: only
 * what tables themselves hold, nothing inherited. */
static void descend(lua_State *L, const char *name, size_t size)
{
    while (lua_istable(L, -1)) {
        const char *dot = memchr(name, '.', size);
        size_t part = dot != NULL ? (size_t)(dot - name) : size;
        lua_pushlstring(L, name, part);
        lua_rawget(L, -2);
        lua_remove(L, -2);
        if (dot == NULL)
            return;
        name += part + 1;
        size -= part + 1;
    }
    lua_pop(L, 1);
    lua_pushnil(L);
}

/* Pushes it from the first script that defines it, or nil. */
static void push_defined(lua_State *L, const struct runtime *runtime, const char *name, size_t size)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, runtime->environments);
    int environments = lua_gettop(L), count = (int)lua_objlen(L, environments);
    lua_pushnil(L);
    for (int i = 1; i <= count && lua_isnil(L, -1); i++) {
        lua_settop(L, environments);
        lua_rawgeti(L, environments, i);
        descend(L, name, size);
    }
    lua_remove(L, environments);
}

static bool is_global(lua_State *L, const char *name, size_t size)
{
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    descend(L, name, size);
    bool found = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return found;
}

/* Replaces a table with `handler` by that function. */
static void unwrap_handler(lua_State *L)
{
    if (!lua_istable(L, -1))
        return;
    lua_getfield(L, -1, "handler");
    lua_remove(L, -2);
}

int code_push_function(lua_State *L, const struct runtime *runtime, const char *name, size_t size,
                       bool unwrap, struct rpc_reason *reason)
{
    int length = (int)size;
    push_defined(L, runtime, name, size);
    bool defined = !lua_isnil(L, -1);
    if (unwrap)
        unwrap_handler(L);
    if (lua_isfunction(L, -1))
        return 0;
    if (defined)
        return code_refuse(reason, -EINVAL, "%.*s is not a function", length, name);
    if (is_global(L, name, size))
        return code_refuse(reason, -EPERM, "%.*s was not defined by a loaded script", length, name);
    return code_refuse(reason, -ENOENT, "no loaded script defines %.*s", length, name);
}

/* ---- by text ---- */

int code_compile(lua_State *L, const struct runtime *runtime, const char *text, size_t size,
                 const char *name, bool *is_expression)
{
    lua_pushliteral(L, "return ");
    lua_pushlstring(L, text, size);
    lua_concat(L, 2);
    size_t length;
    const char *expression = lua_tolstring(L, -1, &length);
    *is_expression = luaL_loadbufferx(L, expression, length, name, "t") == 0;
    if (!*is_expression) {
        lua_pop(L, 1);
        int status = luaL_loadbufferx(L, text, size, name, "t");
        if (status != 0)
            return status == LUA_ERRMEM ? -ENOMEM : -EINVAL;
    }
    lua_remove(L, -2); /* the text of the expression */
    lua_rawgeti(L, LUA_REGISTRYINDEX, runtime->eval);
    lua_setfenv(L, -2);
    return 0;
}
