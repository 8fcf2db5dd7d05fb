/*
 * The module `clock`: the kernel's clocks, in seconds, and, by names that end in 64, in nanoseconds
 * as integers of 64 bits.
 */
#include "binding/binding_private.h"
#include "binding/data/cdata.h"

#include <lauxlib.h>
#include <time.h>

static uint64_t clock_nanoseconds(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * LOOP_SECOND + (uint64_t)now.tv_nsec;
}

static clockid_t clock_id(lua_State *L)
{
    return (clockid_t)lua_tointeger(L, lua_upvalueindex(1));
}

static int clock_module_seconds(lua_State *L)
{
    struct timespec now;
    clock_gettime(clock_id(L), &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

static int clock_module_nanoseconds(lua_State *L)
{
    cdata_push_uint64(L, clock_nanoseconds(clock_id(L)));
    return 1;
}

static int clock_module_microseconds(lua_State *L)
{
    cdata_push_uint64(L, clock_nanoseconds(clock_id(L)) / 1000);
    return 1;
}

static void clock_set(lua_State *L, const char *name, const char *suffix, lua_CFunction fn,
                      clockid_t id)
{
    lua_pushfstring(L, "%s%s", name, suffix);
    lua_pushinteger(L, id);
    lua_pushcclosure(L, fn, 1);
    lua_rawset(L, -3);
}

/* fiber.time64 and fiber.clock64. */
static void clock_export(lua_State *L, int internals, const char *name, clockid_t id)
{
    lua_pushinteger(L, id);
    lua_pushcclosure(L, clock_module_microseconds, 1);
    lua_setfield(L, internals, name);
}

void clock_module_open(lua_State *L, int internals)
{
    static const struct {
        const char *name;
        clockid_t id;
    } clocks[] = {
        {"time", CLOCK_REALTIME},
        {"realtime", CLOCK_REALTIME},
        {"monotonic", CLOCK_MONOTONIC},
        {"proc", CLOCK_PROCESS_CPUTIME_ID},
        {"thread", CLOCK_THREAD_CPUTIME_ID},
    };
    clock_export(L, internals, "time64", CLOCK_REALTIME);
    clock_export(L, internals, "clock64", CLOCK_MONOTONIC);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        clock_set(L, clocks[i].name, "", clock_module_seconds, clocks[i].id);
        clock_set(L, clocks[i].name, "64", clock_module_nanoseconds, clocks[i].id);
    }
    binding_set_module(L, "clock");
}
