/*
 * Receiving whole messages. See op_message.h.
 */
#include "net/op_message.h"

#include "net/net_private.h"
#include "util/pool.h"
#include "util/pulse.h"

/* The largest datagram there is, in bytes; a longer message is asked for its size first. */
enum { MESSAGE_MAX = 64 << 10 };

static ssize_t message_recv(struct sock *sock, void *data, size_t size, int flags)
{
    struct sockaddr_storage from;
    socklen_t length;
    ssize_t got;
    pulse_enter_call();
    do {
        length = sizeof(from);
        got =
            recvfrom(sock->fd, data, size, flags | MSG_DONTWAIT, (struct sockaddr *)&from, &length);
    } while (got < 0 && errno == EINTR);
    pulse_leave_call();
    if (got >= 0)
        address_set(&sock->net->received_from, (struct sockaddr *)&from, length);
    if (got >= 0)
        return got;
    if (errno != EAGAIN)
        return sock_failed(sock, -errno);
    if (!(flags & MSG_OOB))
        sock->ready &= (uint8_t)~LOOP_READ;
    return -EAGAIN;
}

/* How much room the next message needs: unix sockets carry larger ones than MESSAGE_MAX. */
static ssize_t message_size(struct op *op)
{
    if (op->in.limit != OP_RECV_ANY)
        return (ssize_t)(op->in.limit < (1 << 30) ? op->in.limit : 1 << 30);
    if (op->sock->domain != AF_UNIX || (op->in.flags & MSG_OOB))
        return MESSAGE_MAX;
    return message_recv(op->sock, NULL, 0, MSG_PEEK | MSG_TRUNC);
}

/* What a failed call means for the operation. */
static int message_failed(struct op *op, int error)
{
    return error == -EAGAIN ? OP_WAIT : op_end(op, error);
}

static void message_count(const struct op *op)
{
    if (op->in.flags & MSG_PEEK)
        return; /* it will come again */
    sock_show(op->sock, LOOP_READ, op->in.data, op->in.length);
    op->sock->bytes_in += op->in.length;
    op->sock->net->bytes_in += op->in.length;
}

static int message_step(struct op *op)
{
    struct sock *sock = op->sock;
    if (sock->kept_error != 0)
        return op_end(op, sock_take_kept_error(sock));
    if (!(sock->ready & LOOP_READ) && !(op->in.flags & MSG_OOB))
        return message_failed(op, -EAGAIN);
    int error = sock_enter(sock);
    if (error < 0)
        return message_failed(op, error);
    ssize_t size = message_size(op);
    if (size < 0)
        return message_failed(op, (int)size);
    size_t block_size = 0;
    op->in.block = pool_take(sock->net->pool, (size_t)size, &block_size);
    if (op->in.block == NULL)
        return op_end(op, -ENOMEM);
    op->message = true;
    op->in.block_size = (uint32_t)block_size; /* no message is longer than an int says */
    ssize_t got = message_recv(sock, op->in.block, (size_t)size, op->in.flags);
    if (got < 0) {
        op->class->release(op);
        return message_failed(op, (int)got);
    }
    op->in.data = op->in.block;
    op->in.length = (size_t)(got < size ? got : size); /* MSG_TRUNC tells more than it copies */
    /* of a connection with message boundaries, nothing is the end */
    op->eof = got == 0 && sock->type == SOCK_SEQPACKET && op->in.limit > 0;
    message_count(op);
    return op_end(op, 0);
}

static void message_release(struct op *op)
{
    if (op->message)
        pool_give(op->sock->net->pool, op->in.block, op->in.block_size);
    op->message = false;
    op->in.block = NULL;
    op->in.block_size = 0; /* it may wait on, and then it has no delimiters */
}

static const struct op_class message_class = {
    .name = "recv",
    .queue = OP_QUEUE_READ,
    .step = message_step,
    .release = message_release,
};

static const struct op_class message_read_class = {
    .name = "read",
    .queue = OP_QUEUE_READ,
    .always_waits = true,
    .step = message_step,
    .release = message_release,
};

void op_message_read(struct op *op, struct sock *sock, size_t limit)
{
    op_init(op, &message_read_class, sock);
    op->in.limit = limit;
}

void op_message(struct op *op, struct sock *sock, size_t size, int flags)
{
    op_init(op, &message_class, sock);
    op->in.limit = size;
    op->in.flags = flags;
    op->dont_wait = (flags & MSG_DONTWAIT) != 0;
}

const struct address *op_sender(const struct op *op)
{
    return op->message ? &op->sock->net->received_from : NULL;
}
