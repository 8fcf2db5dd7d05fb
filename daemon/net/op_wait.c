/*
 * The operation behind readable, writable, wait and iowait: it asks poll(2) rather than the notes
 * of what is ready, because those only say what is not known to be exhausted.
 */
#include "net/net_private.h"

static int wait_step(struct op *op)
{
    net_flush(op->sock->net);
    op->ready.got = sock_poll(op->sock, op->ready.want);
    if (op->ready.got != 0)
        return op_end(op, 0);
    if (op->ready.want & LOOP_WRITE)
        sock_want_write(op->sock);
    return OP_WAIT;
}

static const struct op_class wait_class = {
    .name = "wait",
    .queue = OP_QUEUE_WATCH,
    .always_waits = true,
    .step = wait_step,
};

void op_wait(struct op *op, struct sock *sock, unsigned want)
{
    op_init(op, &wait_class, sock);
    op->ready.want = want;
}
