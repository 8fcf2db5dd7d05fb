/*
 * Between an operation and the fiber that asked for it.
 *
 *     struct wait spare, *wait = wait_begin(L, &spare);
 *     op_sysread(&wait->op, sock, size);
 *     return wait_run(L, wait, LOOP_NEVER, push_data);
 *
 * The operation lives with the fiber, so that a wait allocates nothing. Where the caller cannot
 * wait (inside a callback of sort, in a finalizer) it lives in `spare` and is tried once.
 */
#pragma once

#include "net/op.h"

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fiber;
struct poll;

/* Pushes the results of a complete operation, failed or not, and says how many. It may throw when
 * memory is short, and then takes nothing out of the operation. */
typedef int wait_push_fn(lua_State *L, struct op *op);

struct wait {
    struct op op; /* its note is a state of wait.c's */
    wait_push_fn *push;
    union {
        struct slice delimiter; /* of a read with one */
        struct poll *poll;      /* of poll.c, which waits for many at once */
    };
};

/* For struct vm_config. */
size_t wait_size(void);
void wait_release(void *wait);

struct wait *wait_begin(lua_State *L, struct wait *spare);

/* NULL: nobody can wait. */
struct fiber *wait_fiber(struct wait *wait);

/* To be returned: pushes the results of an operation that was complete without being started. */
int wait_complete(lua_State *L, struct wait *wait, wait_push_fn *push);

/* To be returned by a call that was done without an operation, with its `results` on top of the
 * stack. Sets the fiber's errno to 0. */
int wait_done_at_once(lua_State *L, struct fiber *fiber, int results);

/*
 * To be returned: starts the operation and pushes its results; or, when it had to wait, nothing,
 * and the code of lua/ that called has to call wait_finish for them. While it waits everything on
 * the stack stays alive. Sets the fiber's errno.
 */
int wait_run(lua_State *L, struct wait *wait, uint64_t deadline, wait_push_fn *push);

/* finish(): the results of the call that has just waited; throws in a cancelled fiber. Nil after
 * one that did not wait. */
int wait_finish(lua_State *L);
