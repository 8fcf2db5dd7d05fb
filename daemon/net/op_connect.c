/*
 * The operation behind sysconnect: connect(2) to one address, and its outcome.
 *
 * A unix socket whose listener's queue is full is a case of its own: the kernel says EAGAIN and
 * never reports readiness, so the call is repeated at short intervals.
 */
#include "net/net_private.h"

#define CONNECT_RETRY (LOOP_SECOND / 100)

struct connect_retry {
    struct sock *sock;
    struct loop_timer timer;
    struct address address;
};

static void connect_on_retry(struct loop_timer *timer)
{
    sock_serve_later(CONTAINER_OF(timer, struct connect_retry, timer)->sock);
}

/* Plans another attempt, which the address must outlive op_start for. */
static int connect_retry_later(struct op *op)
{
    struct connect_retry *retry = op->connect.retry;
    if (retry == NULL) {
        retry = calloc(1, sizeof(*retry));
        if (retry == NULL)
            return op_end(op, -ENOMEM);
        retry->sock = op->sock;
        retry->address = *op->connect.address;
        loop_timer_init(&retry->timer, connect_on_retry);
        op->connect.retry = retry;
        op->connect.address = &retry->address;
    }
    int error = loop_timer_start(op->sock->net->loop, &retry->timer, loop_now() + CONNECT_RETRY);
    return error < 0 ? op_end(op, error) : OP_WAIT;
}

static int connect_begin(struct op *op)
{
    struct sock *sock = op->sock;
    int result;
    do
        result = connect(sock->fd, &op->connect.address->any, op->connect.address->length);
    while (result < 0 && errno == EINTR);
    sock->ready |= LOOP_READ | LOOP_WRITE;
    if (result == 0)
        return op_end(op, 0);
    if (errno == EAGAIN && sock->domain == AF_UNIX)
        return sock->nonblock ? op_end(op, -EAGAIN) : connect_retry_later(op);
    if (errno != EINPROGRESS)
        return op_end(op, -errno);
    op->connect.started = true;
    op->status = -EINPROGRESS; /* of a socket that may not wait */
    return OP_WAIT;
}

static int connect_step(struct op *op)
{
    struct sock *sock = op->sock;
    if (!op->connect.started)
        return connect_begin(op);
    if ((sock_poll(sock, LOOP_WRITE) & LOOP_WRITE) == 0)
        return OP_WAIT;
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    return op_end(op, -error);
}

static void connect_release(struct op *op)
{
    struct connect_retry *retry = op->connect.retry;
    if (retry == NULL)
        return;
    loop_timer_stop(op->sock->net->loop, &retry->timer);
    free(retry);
    op->connect.retry = NULL;
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
    op->connect.address = address;
}
