/*
 * Files of Lua in a service: reading them does not wait, so they are regular files. What Lua itself
 * opens (io.open, loadfile) would wait for a FIFO's other end.
 */
#include "binding/source.h"

#include "binding/socket.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"

#include <lauxlib.h>
#include <string.h>

/* The text goes to Lua before it is freed, unless that throws: then it is garbage of a kind that
 * nobody collects. So it travels in a userdata's care. */
static int source_collect(lua_State *L)
{
    freep(lua_touserdata(L, 1));
    return 0;
}

static char **source_push_owner(lua_State *L)
{
    char **owner = lua_newuserdata(L, sizeof *owner);
    *owner = NULL;
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, source_collect);
    lua_setfield(L, -2, "__gc");
    lua_setmetatable(L, -2);
    return owner;
}

/* read_source(path): the text; or nil and what io.open would say */
static int source_read(lua_State *L)
{
    size_t size;
    const char *path = luaL_checkstring(L, 1);
    char **owner = source_push_owner(L);
    int error = socket_text(L, 1) ? file_read(path, FILE_SCRIPT_MAX, owner, &size) : -EINVAL;
    if (error < 0) {
        lua_pushnil(L);
        lua_pushfstring(L, "cannot open %s: %s", path, strerror(-error));
        return 2;
    }
    lua_pushlstring(L, *owner, size);
    free(STEAL(*owner));
    return 1;
}

/* is_source(path): whether it could be read */
static int source_is(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    lua_pushboolean(L, socket_text(L, 1) && file_is_regular(path));
    return 1;
}

void source_open(lua_State *L, int internals)
{
    lua_pushcfunction(L, source_read);
    lua_setfield(L, internals, "read_source");
    lua_pushcfunction(L, source_is);
    lua_setfield(L, internals, "is_source");
}
