/*
 * print: a line on standard output, written at once.
 *
 * When the reader of standard output stalls, lines are kept; a fiber that prints beyond a limit
 * waits until they are gone, so that nothing is lost and memory stays bounded.
 */
#include "binding/print.h"

#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/sink.h"
#include "binding/stack.h"

#include <lauxlib.h>
#include <stdio.h>

/* How many bytes may be kept before printing fibers wait. */
#define PRINT_KEPT ((size_t)256 << 10)

void print_drained(void *context)
{
    struct binding *binding = context;
    fiber_wake_all(&binding->print_waiters);
}

/* What lua(1)'s print makes of its arguments: tostring's results, joined by tabs. */
static void print_push_line(lua_State *L, int count)
{
    luaL_Buffer line;
    stack_check(L);
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_pushvalue(L, i);
        lua_call(L, 1, 1);
        if (lua_tostring(L, -1) == NULL)
            failure_throw(L, "'tostring' must return a string to 'print'");
        luaL_addvalue(&line);
        luaL_addchar(&line, i < count ? '\t' : '\n');
    }
    luaL_pushresult(&line);
}

static int print(lua_State *L)
{
    size_t length;
    struct binding *binding = binding_of(L);
    int count = lua_gettop(L);
    if (count == 0)
        lua_pushliteral(L, "\n");
    else
        print_push_line(L, count);
    const char *line = lua_tolstring(L, -1, &length);
    fflush(stdout); /* what io.write left there comes first */
    if (sink_write(binding->sink, line, length) < 0)
        return failure_throw(L, "not enough memory");
    lua_settop(L, 0);
    if (sink_pending(binding->sink) <= PRINT_KEPT || !fiber_may_wait(L))
        return 0;
    return fiber_wait_in(L, &binding->print_waiters, LOOP_NEVER);
}

void print_open(lua_State *L)
{
    lua_getglobal(L, "tostring");
    lua_pushcclosure(L, print, 1);
    lua_setglobal(L, "print");
}
