/*
 * Operations that send: send, sendto and syswrite (one system call), write (all of it).
 *
 * A unix receiver of datagrams whose queue is full is a case of its own: the kernel says EAGAIN to
 * a socket that is not connected to it and never reports readiness, unless the messages in the
 * queue are that socket's. So sendto is repeated at short intervals.
 */
#include "net/net_private.h"
#include "net/unix_way.h"

#include "util/cleanup.h"

#define SENDTO_RETRY (LOOP_SECOND / 100)

struct sendto_work {
    struct sock *sock;
    struct loop_timer retry;
    struct address to;
};

/* `sent` of `length` bytes went out. */
static void write_count(struct sock *sock, const void *data, size_t length, size_t sent)
{
    sock_show(sock, LOOP_WRITE, data, sent);
    if (sent < length)
        sock_forget_told(sock, SOCK_WRITABLE);
    sock->bytes_out += sent;
    sock->net->bytes_out += sent;
}

/* What a failed send(2) says. */
static ssize_t write_failed(struct sock *sock)
{
    if (errno != EAGAIN)
        return sock_failed(sock, -errno);
    sock->ready &= (uint8_t)~LOOP_WRITE;
    sock_want_write(sock);
    sock_forget_told(sock, SOCK_WRITABLE);
    return -EAGAIN;
}

ssize_t sock_send(struct sock *sock, const void *data, size_t length, int flags)
{
    ssize_t sent;
    do
        sent = send(sock->fd, data, length, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    sock->rough = sent != (ssize_t)length;
    if (sent < 0)
        return write_failed(sock);
    write_count(sock, data, length, (size_t)sent);
    return sent;
}

static ssize_t write_to(struct sock *sock, const struct op *op)
{
    struct unix_way to;
    int error = unix_way_open(&to, sock->net, &op->out.work->to);
    if (error < 0)
        return error;
    ssize_t sent;
    do
        sent =
            sendto(sock->fd, op->out.data, op->out.length,
                   op->out.flags | MSG_DONTWAIT | MSG_NOSIGNAL, &to.address.any, to.address.length);
    while (sent < 0 && errno == EINTR);
    unix_way_close(&to);
    if (sent < 0)
        return write_failed(sock);
    write_count(sock, op->out.data, op->out.length, (size_t)sent);
    return sent;
}

/* One send(2) of what is left. The bytes sent, -EAGAIN when there is no room, or an error. */
static ssize_t write_some(struct op *op)
{
    struct sock *sock = op->sock;
    if (!(sock->ready & LOOP_WRITE))
        return -EAGAIN;
    if (sock->kept_error != 0)
        return sock_take_kept_error(sock);
    ssize_t sent = op->out.work != NULL ? write_to(sock, op)
                                        : sock_send(sock, op->out.data + op->out.sent,
                                                    op->out.length - op->out.sent, op->out.flags);
    if (sent > 0)
        op->out.sent += (size_t)sent;
    return sent;
}

static int send_step(struct op *op)
{
    ssize_t sent = write_some(op);
    if (sent == -EAGAIN)
        return OP_WAIT;
    return op_end(op, sent < 0 ? (int)sent : 0);
}

static void sendto_on_retry(struct loop_timer *timer)
{
    struct sock *sock = CONTAINER_OF(timer, struct sendto_work, retry)->sock;
    sock->ready |= LOOP_WRITE;
    sock_serve_later(sock);
}

static int sendto_step(struct op *op)
{
    struct sendto_work *work = op->out.work;
    if (work == NULL)
        return op_end(op, -ENOMEM);
    int result = send_step(op);
    if (result != OP_WAIT || work->to.family != AF_UNIX)
        return result;
    int error = loop_timer_start(work->sock->net->loop, &work->retry, loop_now() + SENDTO_RETRY,
                                 sendto_on_retry);
    return error < 0 ? op_end(op, error) : OP_WAIT;
}

static void sendto_release(struct op *op)
{
    struct sendto_work *work = STEAL(op->out.work);
    if (work == NULL)
        return;
    loop_timer_stop(work->sock->net->loop, &work->retry);
    free(work);
}

static int write_step(struct op *op)
{
    for (int calls = 0; op->out.sent < op->out.length; calls++) {
        if (calls == OP_STEP_CALLS)
            return OP_LATER;
        ssize_t sent = write_some(op);
        if (sent == -EAGAIN)
            return OP_WAIT;
        if (sent < 0)
            return op_end(op, (int)sent);
    }
    return op_end(op, 0);
}

static const struct op_class send_class = {
    .name = "send",
    .queue = OP_QUEUE_WRITE,
    .sends = true,
    .step = send_step,
};

static const struct op_class syswrite_class = {
    .name = "syswrite",
    .queue = OP_QUEUE_WRITE,
    .sends = true,
    .step = send_step,
};

static const struct op_class sendto_class = {
    .name = "sendto",
    .queue = OP_QUEUE_WRITE,
    .sends = true,
    .step = sendto_step,
    .release = sendto_release,
};

static const struct op_class write_class = {
    .name = "write",
    .queue = OP_QUEUE_WRITE,
    .sends = true,
    .always_waits = true,
    .step = write_step,
};

static const struct op_class quiet_class = {
    .name = "write",
    .queue = OP_QUEUE_WRITE,
    .sends = true,
    .always_waits = true,
    .quiet = true,
    .step = write_step,
};

static void write_init(struct op *op, const struct op_class *class, struct sock *sock,
                       const void *data, size_t length, int flags)
{
    op_init(op, class, sock);
    op->out.data = data;
    op->out.length = length;
    op->out.flags = flags;
    op->dont_wait = (flags & MSG_DONTWAIT) != 0;
}

void op_send(struct op *op, struct sock *sock, const void *data, size_t length, int flags)
{
    write_init(op, &send_class, sock, data, length, flags);
}

void op_sendto(struct op *op, struct sock *sock, const struct address *to, const void *data,
               size_t length, int flags)
{
    write_init(op, &sendto_class, sock, data, length, flags);
    struct sendto_work *work = malloc(sizeof(*work));
    if (work == NULL)
        return;
    *work = (struct sendto_work){.sock = sock, .to = *to};
    op->out.work = work;
}

void op_syswrite(struct op *op, struct sock *sock, const void *data, size_t length)
{
    write_init(op, &syswrite_class, sock, data, length, 0);
}

void op_write(struct op *op, struct sock *sock, const void *data, size_t length)
{
    write_init(op, &write_class, sock, data, length, 0);
}

void op_write_quietly(struct op *op, struct sock *sock, const void *data, size_t length)
{
    write_init(op, &quiet_class, sock, data, length, 0);
}
