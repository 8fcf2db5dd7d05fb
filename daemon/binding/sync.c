/* Objects between fibers; see sync.h. */
#include "binding/sync.h"

#include "binding/failure.h"
#include "loop/loop.h"

#include <string.h>

static void sync_push_key(lua_State *L, const struct sync_type *type)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)type);
}

static void sync_push_meta(lua_State *L, const struct sync_type *type)
{
    sync_push_key(L, type);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

void sync_define(lua_State *L, const struct sync_type *type, const luaL_Reg *methods,
                 const luaL_Reg *metamethods)
{
    lua_newtable(L);
    luaL_register(L, NULL, methods);
    sync_push_key(L, type);
    lua_newtable(L);
    luaL_register(L, NULL, metamethods);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushstring(L, type->name);
    lua_setfield(L, -2, "__metatable");
    lua_rawset(L, LUA_REGISTRYINDEX);
}

void *sync_new(lua_State *L, const struct sync_type *type, size_t size)
{
    void *object = lua_newuserdata(L, size);
    memset(object, 0, size);
    sync_push_meta(L, type);
    lua_setmetatable(L, -2);
    return object;
}

void *sync_check(lua_State *L, const struct sync_type *type, const char *usage)
{
    if (lua_gettop(L) == 0)
        failure_throw(L, "usage: %s", usage);
    if (lua_type(L, 1) == LUA_TUSERDATA && lua_getmetatable(L, 1)) {
        sync_push_meta(L, type);
        int same = lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
        if (same)
            return lua_touserdata(L, 1);
    }
    failure_throw(L, "bad argument #1 to '?' (%s expected, got %s)", type->name,
                  luaL_typename(L, 1));
    return NULL;
}

uint64_t sync_deadline(lua_State *L, int index, const char *usage)
{
    if (lua_isnoneornil(L, index))
        return LOOP_NEVER;
    double seconds = lua_isnumber(L, index) ? lua_tonumber(L, index) : -1;
    if (!(seconds >= 0))
        failure_throw(L, "usage: %s", usage);
    return loop_deadline(seconds);
}
