/*
 * Between an operation and the fiber that asked for it; see wait.h.
 *
 * An operation that completes at once pushes its results where it was called. One that waited
 * completes from the loop, where nothing may throw: the fiber runs on, and what called the function
 * in C has it push the results there.
 */
#include "binding/wait.h"

#include "binding/failure.h"
#include "fiber/fiber.h"
#include "util/error.h"

#include <lauxlib.h>

/* The notes that operations carry. */
enum {
    WAIT_OUT,     /* nothing is held, or the operation is under way */
    WAIT_OVER,    /* it is complete, and wait_finish has yet to push its results */
    WAIT_PUSHING, /* a push is under way, or has thrown: the operation still holds its result */
    WAIT_SPARE,   /* of no fiber */
};

size_t wait_size(void)
{
    return sizeof(struct wait);
}

/* Of a fiber that ends, or begins another operation: an earlier push may have thrown. */
void wait_release(void *extra)
{
    struct wait *wait = extra;
    if (wait->op.note == WAIT_OUT)
        return;
    wait->op.note = WAIT_OUT;
    op_finish(&wait->op);
}

struct wait *wait_begin(lua_State *L, struct wait *spare)
{
    struct fiber *fiber = fiber_that_may_wait(L);
    if (fiber == NULL) {
        spare->op.note = WAIT_SPARE;
        return spare;
    }
    struct wait *wait = fiber_extra(fiber);
    wait_release(wait);
    return wait;
}

struct fiber *wait_fiber(struct wait *wait)
{
    return wait->op.note != WAIT_SPARE ? fiber_of_extra(wait) : NULL;
}

/* ---- where nobody can wait ---- */

static int wait_push_spare(lua_State *L)
{
    struct wait *wait = lua_touserdata(L, 1);
    return wait->push(L, &wait->op);
}

static int wait_try(lua_State *L, struct wait *wait, uint64_t deadline)
{
    int top = lua_gettop(L);
    bool patient = deadline > loop_now();
    luaL_checkstack(L, 2, NULL);
    lua_pushcfunction(L, wait_push_spare);
    lua_pushlightuserdata(L, wait);
    CHECK(op_start(&wait->op, 0, NULL) == OP_DONE);
    int error = wait->op.status;
    failure_note(L, error);
    int status = patient && error == -ETIMEDOUT ? 0 : lua_pcall(L, 1, LUA_MULTRET, 0);
    op_finish(&wait->op);
    if (patient && error == -ETIMEDOUT)
        return failure_throw(L, "cannot wait here: called from within a C function");
    if (status != 0)
        return lua_error(L);
    return lua_gettop(L) - top;
}

/* ---- in a fiber ---- */

/* The function in C that waited has no code left that could push its results, or throw: it returns
 * nothing, and the code of lua/ around it calls `finish` for that. */
static void wait_done(struct op *op)
{
    struct wait *wait = CONTAINER_OF(op, struct wait, op);
    struct fiber *fiber = fiber_of_extra(wait);
    fiber_set_errno(fiber, failure_errno(op->status));
    op->note = WAIT_OVER;
    fiber_wake(fiber, 0);
}

static int wait_push(lua_State *L, struct wait *wait, wait_push_fn *push)
{
    wait->op.note = WAIT_PUSHING;
    int results = push(L, &wait->op);
    wait->op.note = WAIT_OUT;
    op_finish(&wait->op);
    return results;
}

int wait_finish(lua_State *L)
{
    struct fiber *fiber = fiber_that_may_wait(L);
    struct wait *wait = fiber != NULL ? fiber_extra(fiber) : NULL;
    if (wait == NULL || wait->op.note != WAIT_OVER) {
        lua_pushnil(L);
        return 1;
    }
    if (wait->op.status == -ECANCELED && fiber_is_cancelled(fiber)) {
        wait_release(wait);
        fiber_test_cancel(L);
    }
    return wait_push(L, wait, wait->push);
}

static void wait_interrupt(struct fiber *fiber, enum fiber_interrupt why)
{
    struct wait *wait = fiber_extra(fiber);
    if (why == FIBER_CANCEL)
        op_cancel(&wait->op, -ECANCELED);
    else if (why == FIBER_ABANDON)
        op_abort(&wait->op);
}

/* The results of an operation that is complete without having waited. */
static int wait_push_at_once(lua_State *L, struct fiber *fiber, wait_push_fn *push)
{
    struct wait *wait = fiber_extra(fiber);
    fiber_set_errno(fiber, failure_errno(wait->op.status));
    return wait_push(L, wait, push);
}

int wait_complete(lua_State *L, struct wait *wait, wait_push_fn *push)
{
    struct fiber *fiber = fiber_of_extra(wait);
    return fiber_hardly_worked(L, fiber, wait_push_at_once(L, fiber, push));
}

int wait_done_at_once(lua_State *L, struct fiber *fiber, int results)
{
    fiber_set_errno(fiber, 0);
    return fiber_hardly_worked(L, fiber, results);
}

int wait_run(lua_State *L, struct wait *wait, uint64_t deadline, wait_push_fn *push)
{
    struct fiber *fiber = wait_fiber(wait);
    wait->push = push;
    if (fiber == NULL)
        return wait_try(L, wait, deadline);
    if (op_start(&wait->op, deadline, wait_done) == OP_DONE)
        return fiber_did_not_wait(L, fiber, wait_push_at_once(L, fiber, push));
    if (fiber_is_cancelled(fiber)) {
        op_abort(&wait->op);
        fiber_test_cancel(L);
    }
    return fiber_wait(L, fiber, wait_interrupt);
}
