/*
 * Calls into Lua from outside of fibers: vm_protect of vm.h.
 */
#include "fiber/fiber_private.h"

#include "util/log.h"

#include <lauxlib.h>
#include <string.h>

/* The key of the closure that the main state's stack begins with. */
static void *protect_key(void)
{
    static char key;
    return &key;
}

/* The bottom of the main state's stack, so that a protected call makes no closure. */
static int protect_enter(lua_State *L)
{
    struct vm_call call = vm_of(L)->call;
    lua_pushlightuserdata(L, call.argument);
    return call.fn(L);
}

void protect_open(lua_State *L)
{
    lua_pushlightuserdata(L, protect_key());
    lua_pushcfunction(L, protect_enter);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

void protect_push(lua_State *L)
{
    lua_pushlightuserdata(L, protect_key());
    lua_rawget(L, LUA_REGISTRYINDEX);
}

/* LuaJIT's status says so only where its own allocation failed. */
static bool protect_lacked_memory(int status, const char *text)
{
    return status == LUA_ERRMEM || (text != NULL && strcmp(text, VM_NO_MEMORY) == 0);
}

static int protect_failed(lua_State *L, int status)
{
    const char *text = lua_tostring(L, -1);
    if (protect_lacked_memory(status, text))
        return -ENOMEM;
    log_write(LOG_ERROR, "Lua: %s", text != NULL ? text : "an error that is no text");
    return -EINVAL;
}

int vm_protect(struct vm *vm, lua_CFunction fn, void *argument, int *results)
{
    lua_State *L = vm->L;
    CHECK(vm->current == NULL);
    memory_relieve(vm);
    int top = lua_gettop(L);
    vm->call = (struct vm_call){fn, argument};
    lua_pushvalue(L, 1);
    int status = lua_pcall(L, 0, LUA_MULTRET, 0);
    int error = status != 0 ? protect_failed(L, status) : 0;
    if (error == 0 && results != NULL)
        *results = lua_gettop(L) - top;
    else
        lua_settop(L, top);
    return error;
}
