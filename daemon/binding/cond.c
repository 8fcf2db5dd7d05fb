/* Condition variables; see cond.h, and lua/cond.lua for the call that waits. */
#include "binding/cond.h"

#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/sync.h"
#include "util/list.h"

#include <lauxlib.h>

static const struct sync_type cond_type = {"fiber.cond"};

struct cond {
    struct list waiting; /* as fiber_wait_in needs it */
};

static const char cond_wait_usage[] = "cond:wait([timeout])";

/*
 * A deadline is a number in Lua, or nil for none. It has been rounded, down or up, so that what
 * waits and what looks at the clock afterwards both go by the number.
 */
static uint64_t cond_to_deadline(lua_State *L, int index)
{
    return lua_isnil(L, index) ? LOOP_NEVER : (uint64_t)lua_tonumber(L, index);
}

/* deadline(cond[, timeout]): checks the arguments of `wait`, and whether it may wait. */
static int cond_deadline(lua_State *L)
{
    sync_check(L, &cond_type, cond_wait_usage);
    uint64_t deadline = sync_deadline(L, 2, cond_wait_usage);
    fiber_test_cancel(L);
    if (!fiber_may_wait(L))
        return failure_throw(L, "cannot wait here: called from within a C function");
    if (deadline == LOOP_NEVER)
        lua_pushnil(L);
    else
        lua_pushnumber(L, (lua_Number)deadline);
    return 1;
}

/* wait(cond, deadline): whether it was signalled. */
static int cond_wait(lua_State *L)
{
    struct cond *cond = sync_check(L, &cond_type, cond_wait_usage);
    lua_settop(L, 2);
    return fiber_wait_in(L, &cond->waiting, cond_to_deadline(L, 2));
}

/* is_early(deadline): whether what ended the wait was not the deadline. */
static int cond_is_early(lua_State *L)
{
    lua_settop(L, 1);
    bool early = loop_now() < cond_to_deadline(L, 1);
    if (!early)
        fiber_test_cancel(L);
    lua_pushboolean(L, early);
    return 1;
}

static int cond_signal(lua_State *L)
{
    struct cond *cond = sync_check(L, &cond_type, "cond:signal()");
    fiber_wake_first(&cond->waiting);
    return 0;
}

static int cond_broadcast(lua_State *L)
{
    struct cond *cond = sync_check(L, &cond_type, "cond:broadcast()");
    fiber_wake_all(&cond->waiting);
    return 0;
}

static int cond_tostring(lua_State *L)
{
    lua_pushliteral(L, "cond");
    return 1;
}

static int cond_new(lua_State *L)
{
    struct cond *cond = sync_new(L, &cond_type, sizeof *cond);
    list_init(&cond->waiting);
    return 1;
}

void cond_open(lua_State *L, int internals)
{
    static const luaL_Reg methods[] = {
        {"broadcast", cond_broadcast},
        {"signal", cond_signal},
        {NULL, NULL},
    };
    static const luaL_Reg metamethods[] = {{"__tostring", cond_tostring}, {NULL, NULL}};
    static const luaL_Reg functions[] = {
        {"deadline", cond_deadline},
        {"is_early", cond_is_early},
        {"new", cond_new},
        {"wait", cond_wait},
        {NULL, NULL},
    };
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    sync_define(L, &cond_type, methods, metamethods);
    lua_setfield(L, -2, "methods");
    lua_setfield(L, internals, "cond");
}
