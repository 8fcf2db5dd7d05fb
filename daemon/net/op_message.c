/*
 * Receiving whole messages. See op_message.h.
 */
#include "net/op_message.h"

#include "net/net_private.h"
#include "util/pool.h"
#include "util/pulse.h"

#include <poll.h>

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

/* Looks at what comes next. A message brings its sender's credentials along, the end brings none.
 */
static bool message_peek_is_end(int fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct ucred))]; /* and none for descriptors */
    } control;
    char byte;
    struct iovec room = {&byte, sizeof byte};
    struct msghdr message = {
        .msg_iov = &room,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    return recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC) == 0 &&
           message.msg_controllen == 0;
}

/*
 * Whether the next receive would meet the end of a connection with message boundaries, where an
 * empty message looks the same: it may have been sent before the end. Other families than AF_UNIX
 * do not tell.
 */
static bool message_is_end(const struct sock *sock)
{
    struct pollfd descriptor = {.fd = sock->fd, .events = POLLRDHUP};
    int before = 0, on = 1;
    socklen_t size = sizeof before;
    if (sock->domain != AF_UNIX)
        return true;
    if (poll(&descriptor, 1, 0) < 1 || !(descriptor.revents & POLLRDHUP) ||
        getsockopt(sock->fd, SOL_SOCKET, SO_PASSCRED, &before, &size) < 0 ||
        setsockopt(sock->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        return false;
    bool end = message_peek_is_end(sock->fd);
    (void)setsockopt(sock->fd, SOL_SOCKET, SO_PASSCRED, &before, sizeof before);
    return end;
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
    bool may_end = sock->type == SOCK_SEQPACKET && op->in.limit > 0 && message_is_end(sock);
    ssize_t got = message_recv(sock, op->in.block, (size_t)size, op->in.flags);
    if (got < 0) {
        op->class->release(op);
        return message_failed(op, (int)got);
    }
    op->in.data = op->in.block;
    op->in.length = (size_t)(got < size ? got : size); /* MSG_TRUNC tells more than it copies */
    op->eof = got == 0 && may_end;
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
