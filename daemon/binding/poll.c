/*
 * Waiting for any of many descriptors, for the select of lua/luasocket_select.lua.
 *
 * A list has two elements for each descriptor: its number, and 1 to read or 2 to write. An
 * operation stands for each, all in one userdata, which stays on the stack of the fiber that waits.
 * The first operation is the clock's.
 */
#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/socket.h"
#include "binding/wait.h"
#include "net/net.h"
#include "net/op.h"
#include "util/error.h"

#include <lauxlib.h>
#include <limits.h>

struct poll;

struct poll_entry {
    struct op op;
    struct poll *poll;
};

struct poll {
    struct fiber *fiber;
    int count; /* of the entries whose operation was started */
    struct poll_entry entries[];
};

/* The operation of the descriptor that is number `position`, from 1. */
static void poll_set_op(lua_State *L, struct op *op, int position)
{
    struct net *net = binding_of(L)->net;
    lua_rawgeti(L, 1, 2 * position - 1);
    lua_rawgeti(L, 1, 2 * position);
    int fd = (int)lua_tointeger(L, -2);
    unsigned want = (unsigned)lua_tointeger(L, -1);
    lua_pop(L, 2);
    struct sock *sock = net_find_fd(net, fd);
    if (sock != NULL)
        op_wait(op, sock, want);
    else
        op_watch(op, net, fd >= 0 ? fd : INT_MAX, want);
}

/* poll_try(list): a table of whether each is ready, and whether any is. A descriptor that is none
 * counts as ready, for its user to find out. */
static int poll_try(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    int count = (int)lua_objlen(L, 1) / 2;
    bool any = false;
    lua_createtable(L, count, 0);
    for (int i = 1; i <= count; i++) {
        struct op op;
        poll_set_op(L, &op, i);
        CHECK(op_start(&op, 0, NULL) == OP_DONE);
        bool ready = op.status != -ETIMEDOUT;
        op_finish(&op);
        any = any || ready;
        lua_pushboolean(L, ready);
        lua_rawseti(L, -2, i);
    }
    lua_pushboolean(L, any);
    return 2;
}

/* ---- waiting ---- */

static void poll_abort(struct poll *poll)
{
    for (int i = 0; i < poll->count; i++)
        if (op_is_waiting(&poll->entries[i].op))
            op_abort(&poll->entries[i].op);
    poll->count = 0;
}

static void poll_done(struct op *op)
{
    struct poll *poll = CONTAINER_OF(op, struct poll_entry, op)->poll;
    op_finish(op);
    poll_abort(poll);
    fiber_wake(poll->fiber, 0);
}

static void poll_interrupt(struct fiber *fiber, enum fiber_interrupt why)
{
    const struct wait *wait = fiber_extra(fiber);
    struct poll *poll = wait->poll;
    if (why == FIBER_CANCEL)
        op_cancel(&poll->entries[0].op, -ECANCELED);
    else if (why == FIBER_ABANDON)
        poll_abort(poll);
}

/* Whether all of them wait. */
static bool poll_start(lua_State *L, struct poll *poll, int count, uint64_t deadline)
{
    for (int i = 0; i <= count; i++) {
        struct op *op = &poll->entries[i].op;
        poll->entries[i].poll = poll;
        if (i == 0)
            op_watch(op, binding_of(L)->net, -1, 0);
        else
            poll_set_op(L, op, i);
        if (op_start(op, i == 0 ? deadline : LOOP_NEVER, poll_done) == OP_DONE) {
            op_finish(op);
            poll_abort(poll);
            return false;
        }
        poll->count++;
    }
    return true;
}

/* poll_wait(list[, timeout]): returns when one of them may be ready, when the time is over, or when
 * the fiber was cancelled. */
static int poll_wait(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    uint64_t deadline = socket_deadline(L, 2);
    struct wait spare, *wait = wait_begin(L, &spare);
    struct fiber *fiber = wait_fiber(wait);
    if (fiber == NULL)
        return failure_throw(L, "cannot wait here: called from within a C function");
    fiber_test_cancel(L);
    int count = (int)lua_objlen(L, 1) / 2;
    struct poll *poll =
        lua_newuserdata(L, sizeof *poll + ((size_t)count + 1) * sizeof poll->entries[0]);
    poll->fiber = fiber;
    poll->count = 0;
    wait->poll = poll;
    if (!poll_start(L, poll, count, deadline))
        return 0;
    return fiber_wait(L, fiber, poll_interrupt);
}

const luaL_Reg poll_functions[] = {
    {"poll_try", poll_try},
    {"poll_wait", poll_wait},
    {NULL, NULL},
};
