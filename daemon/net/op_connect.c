/*
 * The operation behind sysconnect: connect(2) to one address, and its outcome.
 *
 * A unix socket whose listener's queue is full is a case of its own: the kernel says EAGAIN and
 * never reports readiness, so the call is repeated at short intervals.
 */
#include "net/foreign.h"
#include "net/net_private.h"
#include "net/unix_way.h"

#include "util/cleanup.h"
#include "util/pulse.h"

#define CONNECT_RETRY (LOOP_SECOND / 100)

struct connect_work {
    struct sock *sock;
    struct loop_timer retry;
    struct address address;
};

static void connect_on_retry(struct loop_timer *timer)
{
    sock_serve_later(CONTAINER_OF(timer, struct connect_work, retry)->sock);
}

static int connect_retry_later(struct op *op)
{
    struct loop_timer *retry = &op->connect.work->retry;
    int error =
        loop_timer_start(op->sock->net->loop, retry, loop_now() + CONNECT_RETRY, connect_on_retry);
    return error < 0 ? op_end(op, error) : OP_WAIT;
}

/* 0 or a negative error. The kernel tells of an attempt that failed once more, as ECONNABORTED; the
 * attempt after that is a new one (connect(2) of TCP in Linux). */
static int connect_once(const struct sock *sock, const struct address *address)
{
    int result = connect(sock->fd, &address->any, address->length);
    if (result < 0 && errno == ECONNABORTED)
        result = connect(sock->fd, &address->any, address->length);
    return result < 0 ? -errno : 0;
}

/* 0 or a negative error. One that was cut short goes on without us, but for a unix socket's, which
 * waited for a place in the listener's queue. */
static int connect_call(struct sock *sock, const struct address *address)
{
    int error = sock->foreign ? foreign_prepare(sock) : 0;
    if (error < 0)
        return error;
    pulse_enter_call();
    do
        error = connect_once(sock, address);
    while (error == -EINTR && !pulse_was_cut());
    bool cut = pulse_was_cut();
    pulse_leave_call();
    if (error != -EINTR || !cut)
        return error;
    foreign_note(sock);
    return sock->domain == AF_UNIX ? -EAGAIN : -EINPROGRESS;
}

static int connect_try(struct sock *sock, const struct address *address)
{
    struct unix_way way;
    int result = unix_way_open(&way, sock->net, address);
    if (result < 0)
        return result;
    result = connect_call(sock, &way.address);
    unix_way_close(&way);
    return result;
}

static int connect_begin(struct op *op)
{
    struct sock *sock = op->sock;
    int result = connect_try(sock, &op->connect.work->address);
    sock->ready |= LOOP_READ | LOOP_WRITE;
    if (result == -EAGAIN && sock->domain == AF_UNIX && !sock->nonblock)
        return connect_retry_later(op);
    if (result != -EINPROGRESS)
        return op_end(op, result);
    op->connect.started = true;
    op->status = -EINPROGRESS; /* of a socket that may not wait */
    return OP_WAIT;
}

static int connect_step(struct op *op)
{
    struct sock *sock = op->sock;
    if (op->connect.work == NULL)
        return op_end(op, -ENOMEM);
    if (!op->connect.started)
        return connect_begin(op);
    if ((sock_poll(sock, LOOP_WRITE) & LOOP_WRITE) == 0) {
        sock_want_write(sock);
        return OP_WAIT;
    }
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    return op_end(op, sock_failed(sock, -error));
}

static void connect_release(struct op *op)
{
    struct connect_work *work = STEAL(op->connect.work);
    if (work == NULL)
        return;
    loop_timer_stop(op->sock->net->loop, &work->retry);
    free(work);
}

static const struct op_class connect_class = {
    .name = "sysconnect",
    .queue = OP_QUEUE_WRITE,
    .step = connect_step,
    .release = connect_release,
};

void op_connect(struct op *op, struct sock *sock, const struct address *address)
{
    op_init(op, &connect_class, sock);
    struct connect_work *work = malloc(sizeof(*work));
    if (work == NULL)
        return;
    *work = (struct connect_work){.sock = sock, .address = *address};
    op->connect.work = work;
}
