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

struct fiber;
struct poll;

/* Pushes the results of a complete operation, failed or not, and says how many. It may throw when
 * memory is short, and then takes nothing out of the operation. */
typedef int wait_push_fn(lua_State *L, struct op *op);

struct wait {
    struct op op;
    struct fiber *fiber; /* NULL: nobody can wait */
    wait_push_fn *push;
    struct slice delimiter; /* of a read with one */
    struct poll *poll;      /* of poll.c, which waits for many at once */
    bool unfinished;        /* a push may have thrown: the operation still holds its result */
};

/* For struct vm_config. */
size_t wait_size(void);
void wait_release(void *wait);

struct wait *wait_begin(lua_State *L, struct wait *spare);

/* To be returned: pushes the results of an operation that was complete without being started. */
int wait_complete(lua_State *L, struct wait *wait, wait_push_fn *push);

/* To be returned by a call that was done without an operation, with its `results` on top of the
 * stack. Sets the fiber's errno to 0. */
int wait_done_at_once(lua_State *L, struct fiber *fiber, int results);

/*
 * To be returned: starts the operation and pushes its results; or, when it had to wait, the machine
 * as a light userdata, for which the code of lua/ that called calls wait_finish. While it waits
 * everything on the stack stays alive. Sets the fiber's errno.
 */
int wait_run(lua_State *L, struct wait *wait, uint64_t deadline, wait_push_fn *push);

/* finish(): the results of the call that waited; throws in a cancelled fiber. */
int wait_finish(lua_State *L);
