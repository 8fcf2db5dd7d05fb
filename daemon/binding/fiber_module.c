/*
 * The module `fiber`, its half in C. A fiber object is a userdata with the fiber's number, so that
 * it may outlive the fiber. lua/fiber.lua wraps what waits: those functions must throw when they
 * were cancelled meanwhile, which C cannot once it has waited.
 */
#include "binding/binding_private.h"
#include "binding/brood.h"
#include "binding/failure.h"
#include "binding/number.h"
#include "util/error.h"

#include <lauxlib.h>
#include <string.h>
#include <time.h>

/* ---- objects ---- */

static uint64_t *fiber_module_push(lua_State *L, uint64_t id)
{
    uint64_t *object = lua_newuserdata(L, sizeof *object);
    *object = id;
    lua_rawgeti(L, LUA_REGISTRYINDEX, binding_of(L)->fiber_meta);
    lua_setmetatable(L, -2);
    return object;
}

/* The number in a fiber object, or 0. */
static uint64_t fiber_module_object(lua_State *L, int index)
{
    uint64_t id = 0;
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index))
        return 0;
    lua_rawgeti(L, LUA_REGISTRYINDEX, binding_of(L)->fiber_meta);
    if (lua_rawequal(L, -1, -2))
        id = *(const uint64_t *)lua_touserdata(L, index);
    lua_pop(L, 2);
    return id;
}

/* The number that the argument, an object or nothing for the running fiber, stands for. */
static uint64_t fiber_module_id(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index) && fiber_current(L) != NULL)
        return fiber_id(fiber_current(L));
    uint64_t id = fiber_module_object(L, index);
    if (id == 0)
        luaL_argerror(L, index,
                      lua_pushfstring(L, "fiber expected, got %s", luaL_typename(L, index)));
    return id;
}

static struct fiber *fiber_module_check(lua_State *L, int index)
{
    struct fiber *fiber = fiber_find(vm_of(L), fiber_module_id(L, index));
    if (fiber == NULL)
        failure_throw(L, "the fiber is dead");
    return fiber;
}

static int fiber_module_tostring(lua_State *L)
{
    lua_pushfstring(L, "fiber: %d", (int)fiber_module_id(L, 1));
    return 1;
}

static int fiber_module_equal(lua_State *L)
{
    lua_pushboolean(L, fiber_module_object(L, 1) == fiber_module_object(L, 2));
    return 1;
}

/* ---- making ---- */

/* Pushes its object, which is made first: a fiber that nobody starts would stay for ever. */
static struct fiber *fiber_module_make(lua_State *L, const char *name)
{
    fiber_test_cancel(L);
    if (!lua_isfunction(L, 1))
        failure_throw(L, "fiber.%s(function, ...): bad arguments", name);
    brood_check(L);
    int arguments = lua_gettop(L) - 1;
    uint64_t *object = fiber_module_push(L, 0);
    lua_insert(L, 1);
    struct fiber *fiber = fiber_new(L, arguments);
    *object = fiber_id(fiber);
    brood_charge(fiber);
    return fiber;
}

static int fiber_module_create(lua_State *L)
{
    return fiber_run_first(L, fiber_module_make(L, "create"), 1);
}

static int fiber_module_new(lua_State *L)
{
    fiber_schedule(fiber_module_make(L, "new"));
    return 1;
}

static int fiber_module_self(lua_State *L)
{
    if (fiber_current(L) == NULL)
        return failure_throw(L, "no fiber runs here");
    fiber_module_push(L, fiber_id(fiber_current(L)));
    return 1;
}

/* By number: the living fiber, or nil. */
static int fiber_module_find(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TNUMBER)
        return failure_throw(L, "fiber.find(id): bad arguments");
    uint64_t id = number_to_id(lua_tonumber(L, 1));
    if (fiber_find(vm_of(L), id) != NULL)
        fiber_module_push(L, id);
    else
        lua_pushnil(L);
    return 1;
}

/* ---- waiting; lua/fiber.lua tests for cancellation afterwards ---- */

static void fiber_module_may_wait(lua_State *L)
{
    fiber_test_cancel(L);
    if (!fiber_may_wait(L))
        failure_throw(L, "cannot wait here: called from within a C function");
}

static int fiber_module_sleep(lua_State *L)
{
    if (!lua_isnumber(L, 1))
        return failure_throw(L, "fiber.sleep(delay): bad arguments");
    lua_Number delay = lua_tonumber(L, 1);
    fiber_module_may_wait(L);
    lua_settop(L, 0);
    return delay > 0 ? fiber_wait_in(L, NULL, loop_deadline(delay)) : fiber_yield(L);
}

static int fiber_module_yield(lua_State *L)
{
    fiber_module_may_wait(L);
    lua_settop(L, 0);
    return fiber_yield(L);
}

/* Waits for the end of a joinable fiber if it is still to come: then true or false, as
 * fiber_wait_in; nothing when it has ended. */
static int fiber_module_wait_end(lua_State *L)
{
    struct fiber *fiber = fiber_module_check(L, 1);
    if (!fiber_is_joinable(fiber))
        return failure_throw(L, "the fiber is not joinable");
    if (fiber == fiber_current(L))
        return failure_throw(L, "a fiber cannot join itself");
    if (fiber_is_dead(fiber))
        return 0;
    if (!fiber_may_wait(L))
        return failure_throw(L, "cannot wait here: called from within a C function");
    return fiber_wait_end(L, fiber);
}

/* true and the results, or false and the error, of a fiber that has ended. */
static int fiber_module_reap(lua_State *L)
{
    return fiber_reap(L, fiber_module_check(L, 1));
}

static int fiber_module_test_cancel(lua_State *L)
{
    fiber_test_cancel(L);
    return 0;
}

/* ---- what is known, what may be done ---- */

static int fiber_module_number(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)fiber_module_id(L, 1));
    return 1;
}

static int fiber_module_status(lua_State *L)
{
    const struct fiber *fiber = fiber_find(vm_of(L), fiber_module_id(L, 1));
    if (fiber == NULL || fiber_is_dead(fiber))
        lua_pushliteral(L, "dead");
    else if (fiber_is_running(fiber))
        lua_pushliteral(L, "running");
    else
        lua_pushliteral(L, "suspended");
    return 1;
}

static bool fiber_module_truncates(lua_State *L, int index)
{
    if (!lua_istable(L, index))
        return false;
    lua_getfield(L, index, "truncate");
    bool truncate = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return truncate;
}

/* name(new[, options]) of the running fiber, name(object[, new[, options]]) of any. */
static int fiber_module_name(lua_State *L)
{
    int object = fiber_module_object(L, 1) != 0 || lua_isnoneornil(L, 1) ? 1 : 0;
    struct fiber *fiber = object == 1 ? fiber_module_check(L, 1) : fiber_current(L);
    if (lua_isnoneornil(L, object + 1)) {
        lua_pushstring(L, fiber_name(fiber));
        return 1;
    }
    size_t length;
    const char *name = luaL_checklstring(L, object + 1, &length);
    if (length > FIBER_NAME_MAX && fiber_module_truncates(L, object + 2))
        length = FIBER_NAME_MAX;
    int error = fiber_set_name(fiber, name, length);
    if (error == -ENAMETOOLONG)
        return failure_throw(L, "Fiber name is too long");
    return error < 0 ? failure_throw(L, "not enough memory") : 0;
}

/* By object or by number. */
static struct fiber *fiber_module_victim(lua_State *L)
{
    if (lua_isnoneornil(L, 1))
        luaL_argerror(L, 1, "fiber expected, got no value");
    if (lua_type(L, 1) != LUA_TNUMBER)
        return fiber_module_check(L, 1);
    struct fiber *fiber = fiber_find(vm_of(L), number_to_id(lua_tonumber(L, 1)));
    if (fiber == NULL)
        failure_throw(L, "the fiber is dead");
    return fiber;
}

static int fiber_module_cancel(lua_State *L)
{
    struct fiber *fiber = fiber_module_victim(L);
    if (fiber_is_dead(fiber))
        return failure_throw(L, "the fiber is dead");
    fiber_cancel(fiber);
    if (fiber == fiber_current(L))
        fiber_test_cancel(L);
    return 0;
}

static int fiber_module_wakeup(lua_State *L)
{
    struct fiber *fiber = fiber_module_victim(L);
    if (fiber_is_dead(fiber))
        return failure_throw(L, "the fiber is dead");
    fiber_wakeup(fiber);
    return 0;
}

static int fiber_module_set_joinable(lua_State *L)
{
    int object = fiber_module_object(L, 1) != 0 ? 1 : 0;
    struct fiber *fiber = object == 1 ? fiber_module_check(L, 1) : fiber_current(L);
    luaL_checktype(L, object + 1, LUA_TBOOLEAN);
    fiber_set_joinable(fiber, lua_toboolean(L, object + 1));
    return 0;
}

static int fiber_module_storage(lua_State *L)
{
    fiber_push_storage(L, fiber_module_check(L, 1));
    return 1;
}

/* ---- all of them ---- */

struct fiber_module_ids {
    uint64_t *ids;
    size_t count, room;
};

static void fiber_module_count(void *context, struct fiber *fiber)
{
    struct fiber_module_ids *all = context;
    (void)fiber;
    all->room++;
}

static void fiber_module_collect(void *context, struct fiber *fiber)
{
    struct fiber_module_ids *all = context;
    if (all->count < all->room)
        all->ids[all->count++] = fiber_id(fiber);
}

static void fiber_module_describe(lua_State *L, struct fiber *fiber)
{
    lua_createtable(L, 0, 3);
    lua_pushnumber(L, (lua_Number)fiber_id(fiber));
    lua_setfield(L, -2, "fid");
    lua_pushstring(L, fiber_name(fiber));
    lua_setfield(L, -2, "name");
    lua_pushinteger(L, (lua_Integer)fiber_switches(fiber));
    lua_setfield(L, -2, "csw");
}

/* Numbers first: describing makes tables, and the collector may run anything. It may do so when it
 * makes room for the numbers, too: fibers that finalizers make then may be missing. */
static int fiber_module_info(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct fiber_module_ids all = {NULL, 0, 0};
    fiber_each(vm, fiber_module_count, &all);
    all.ids = lua_newuserdata(L, all.room * sizeof *all.ids);
    fiber_each(vm, fiber_module_collect, &all);
    lua_createtable(L, 0, (int)all.count);
    for (size_t i = 0; i < all.count; i++) {
        struct fiber *fiber = fiber_find(vm, all.ids[i]);
        if (fiber == NULL)
            continue;
        lua_pushnumber(L, (lua_Number)all.ids[i]);
        fiber_module_describe(L, fiber);
        lua_rawset(L, -3);
    }
    return 1;
}

/* ---- time ---- */

static int fiber_module_clock(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)loop_now() / (lua_Number)LOOP_SECOND);
    return 1;
}

static int fiber_module_time(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

/* ---- opening ---- */

static const luaL_Reg fiber_module_functions[] = {
    {"cancel", fiber_module_cancel},
    {"clock", fiber_module_clock},
    {"create", fiber_module_create},
    {"find", fiber_module_find},
    {"id", fiber_module_number},
    {"info", fiber_module_info},
    {"kill", fiber_module_cancel},
    {"name", fiber_module_name},
    {"new", fiber_module_new},
    {"reap", fiber_module_reap},
    {"self", fiber_module_self},
    {"set_joinable", fiber_module_set_joinable},
    {"sleep", fiber_module_sleep},
    {"status", fiber_module_status},
    {"storage", fiber_module_storage},
    {"testcancel", fiber_module_test_cancel},
    {"time", fiber_module_time},
    {"wait_end", fiber_module_wait_end},
    {"wakeup", fiber_module_wakeup},
    {"yield", fiber_module_yield},
    {NULL, NULL},
};

void fiber_module_open(lua_State *L, struct binding *binding, int internals)
{
    lua_newtable(L);
    luaL_register(L, NULL, fiber_module_functions);
    lua_newtable(L);
    lua_pushcfunction(L, fiber_module_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, fiber_module_equal);
    lua_setfield(L, -2, "__eq");
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "metatable");
    binding->fiber_meta = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_setfield(L, internals, "fiber");
}
