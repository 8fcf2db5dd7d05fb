/*
 * What an operation is made of, for the files that implement one.
 */
#pragma once

#include "net/op.h"

enum op_queue {
    OP_QUEUE_READ,  /* waits its turn among the readers */
    OP_QUEUE_WRITE, /* waits its turn among the writers */
    OP_QUEUE_WATCH, /* waits side by side with others */
    OP_QUEUE_NONE,  /* on no socket: the operation moves by itself and calls op_complete */
};

enum {
    /* From a step: there is more to do, but others shall have a turn before. */
    OP_LATER = 2,

    OP_MAGIC = 0x6f702121,

    /* System calls that one step may make before it lets others have a turn. */
    OP_STEP_CALLS = 16,

    /* Operations of one queue that may complete before others have a turn. */
    OP_SERVE_TURNS = 64,
};

struct op_class {
    const char *name;
    enum op_queue queue;

    /* Waits on a non-blocking socket too. */
    bool always_waits;

    /* Sends bytes, so that what was gathered before goes well into the same packet. */
    bool sends;

    /* A reader of connections, not of bytes. */
    bool accepts;

    /* Nobody's call: leaves the socket's last error alone. */
    bool quiet;

    /* With OP_QUEUE_NONE: whose loop it runs in. */
    struct net *(*net)(const struct op *op);

    /* Tries once: OP_DONE with `status` set, OP_WAIT, or OP_LATER. Never calls anybody back. With
     * OP_QUEUE_NONE it is called once, and on OP_WAIT the operation sees to its own end. */
    int (*step)(struct op *op);

    /* Releases what the operation holds beyond its socket; called once, when it has ended in
     * whatever way, and on the way to a failure. NULL: nothing. */
    void (*release)(struct op *op);
};

/* Begins the constructor of every operation. Takes a reference to `sock`, which may be NULL. */
void op_init(struct op *op, const struct op_class *class, struct sock *sock);

/* op_accept that waits on a non-blocking listener too. */
void op_accept_always(struct op *op, struct sock *sock);

/* Instead of op_init and op_start, for a reader whose bytes are in the read-ahead: it is complete,
 * with success. The caller fills in all of `in` that op_consume and the reader look at. */
void op_init_done(struct op *op, const struct op_class *class, struct sock *sock);

/* Calls `done` of an operation whose completion had to wait for the loop. */
void op_deliver(struct op *op);

/* The end of a parked operation with OP_QUEUE_NONE: calls `done`. Only from the loop. Too late, and
 * without effect, when another end, such as a cancellation, came before. */
void op_complete(struct op *op, int status);

/* Is it still to end? Between its end and `done` it is not. */
bool op_is_parked(const struct op *op);

/* Ends a step. */
static inline int op_end(struct op *op, int status)
{
    op->status = status;
    return OP_DONE;
}
