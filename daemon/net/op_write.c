/*
 * Operations that send: send, sendto and syswrite (one system call), write (all of it).
 */
#include "net/net_private.h"

/* One send(2) of what is left. The bytes sent, -EAGAIN when there is no room, or an error. */
static ssize_t write_some(struct op *op)
{
    struct sock *sock = op->sock;
    if (!(sock->ready & LOOP_WRITE))
        return -EAGAIN;
    const struct address *to = op->out.to;
    ssize_t sent;
    do
        sent = sendto(sock->fd, op->out.data + op->out.sent, op->out.length - op->out.sent,
                      op->out.flags | MSG_DONTWAIT | MSG_NOSIGNAL, to != NULL ? &to->any : NULL,
                      to != NULL ? to->length : 0);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        if (errno == EAGAIN)
            sock->ready &= (uint8_t)~LOOP_WRITE;
        return -errno;
    }
    op->out.sent += (size_t)sent;
    sock->bytes_out += (uint64_t)sent;
    sock->net->bytes_out += (uint64_t)sent;
    return sent;
}

static int send_step(struct op *op)
{
    ssize_t sent = write_some(op);
    if (sent == -EAGAIN)
        return OP_WAIT;
    return op_end(op, sent < 0 ? (int)sent : 0);
}

static int sendto_step(struct op *op)
{
    return op->out.to != NULL ? send_step(op) : op_end(op, -ENOMEM);
}

static void sendto_release(struct op *op)
{
    free(op->out.to);
    op->out.to = NULL;
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
    .step = send_step,
};

static const struct op_class syswrite_class = {
    .name = "syswrite",
    .queue = OP_QUEUE_WRITE,
    .step = send_step,
};

static const struct op_class sendto_class = {
    .name = "sendto",
    .queue = OP_QUEUE_WRITE,
    .step = sendto_step,
    .release = sendto_release,
};

static const struct op_class write_class = {
    .name = "write",
    .queue = OP_QUEUE_WRITE,
    .always_waits = true,
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
    op->out.to = malloc(sizeof(*to));
    if (op->out.to != NULL)
        *op->out.to = *to;
}

void op_syswrite(struct op *op, struct sock *sock, const void *data, size_t length)
{
    write_init(op, &syswrite_class, sock, data, length, 0);
}

void op_write(struct op *op, struct sock *sock, const void *data, size_t length)
{
    write_init(op, &write_class, sock, data, length, 0);
}
