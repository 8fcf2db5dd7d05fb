/*
 * The operation behind iowait on a descriptor that no socket owns: it may be anything, is somebody
 * else's, and may be closed at any time. So a duplicate is watched.
 */
#include "net/net_private.h"

#include "util/cleanup.h"
#include "util/poll_now.h"

#include <fcntl.h>

struct watch {
    struct net *net;
    struct op *op;
    struct loop_io io;
    int fd;        /* somebody else's; -1: there is nothing to watch but the clock */
    int duplicate; /* ours, while waiting; -1 */
};

/* The readiness now: LOOP_READ, LOOP_WRITE; -EBADF. */
static int watch_poll(int fd, unsigned want)
{
    short events = (short)((want & LOOP_READ ? POLLIN : 0) | (want & LOOP_WRITE ? POLLOUT : 0));
    short is = poll_now(fd, events);
    if (is & POLLNVAL)
        return -EBADF;
    unsigned got = 0;
    if (is & (POLLIN | POLLERR | POLLHUP))
        got |= LOOP_READ;
    if (is & (POLLOUT | POLLERR | POLLHUP))
        got |= LOOP_WRITE;
    return (int)(got & want);
}

static void watch_want(struct watch *watch)
{
    if (watch->op->ready.want & LOOP_WRITE)
        loop_io_want_write(watch->net->loop, &watch->io);
}

static void watch_on_io(struct loop_io *io, unsigned events)
{
    (void)events;
    struct watch *watch = CONTAINER_OF(io, struct watch, io);
    struct op *op = watch->op;
    int got = watch_poll(watch->duplicate, op->ready.want);
    if (got == 0) {
        watch_want(watch);
        return;
    }
    op->ready.got = got > 0 ? (unsigned)got : 0;
    op_complete(op, got > 0 ? 0 : got);
}

static int watch_step(struct op *op)
{
    struct watch *watch = op->ready.work;
    if (watch == NULL)
        return op_end(op, -ENOMEM);
    if (watch->fd < 0)
        return OP_WAIT;
    int got = watch_poll(watch->fd, op->ready.want);
    if (got != 0) {
        op->ready.got = got > 0 ? (unsigned)got : 0;
        return op_end(op, got > 0 ? 0 : got);
    }
    watch->duplicate = fcntl(watch->fd, F_DUPFD_CLOEXEC, 0);
    if (watch->duplicate < 0)
        return op_end(op, -errno);
    int error = loop_io_start(watch->net->loop, &watch->io, watch->duplicate, watch_on_io);
    if (error < 0)
        return op_end(op, error);
    watch_want(watch);
    return OP_WAIT;
}

static void watch_release(struct op *op)
{
    struct watch *watch = STEAL(op->ready.work);
    if (watch == NULL)
        return;
    loop_io_stop(watch->net->loop, &watch->io);
    if (watch->duplicate >= 0)
        close(watch->duplicate);
    free(watch);
}

static struct net *watch_net(const struct op *op)
{
    return op->ready.work->net;
}

static const struct op_class watch_class = {
    .name = "iowait",
    .queue = OP_QUEUE_NONE,
    .always_waits = true,
    .net = watch_net,
    .step = watch_step,
    .release = watch_release,
};

void op_watch(struct op *op, struct net *net, int fd, unsigned want)
{
    op_init(op, &watch_class, NULL);
    op->ready.want = want;
    struct watch *watch = malloc(sizeof(*watch));
    if (watch == NULL)
        return;
    *watch = (struct watch){.net = net, .op = op, .fd = fd, .duplicate = -1};
    op->ready.work = watch;
}
