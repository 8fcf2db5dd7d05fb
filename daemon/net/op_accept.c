/*
 * The operation behind accept.
 */
#include "net/foreign.h"
#include "net/net_private.h"
#include "net/option.h"
#include "net/sock_linger.h"

#include "util/cleanup.h"
#include "util/pulse.h"

/* How many connections in a row may have failed before they were accepted; more are the system's
 * failure, and the caller's to know. */
enum { ACCEPT_TRIES = 64 };

/* The first connection that an earlier accept could not deliver and that is still open, or NULL. */
static struct sock *accept_take_back(struct sock *listener)
{
    struct list *node;
    while ((node = list_first(&sock_rare(listener)->unaccepted)) != NULL) {
        list_unlink(node);
        struct sock_unaccepted *entry = CONTAINER_OF(node, struct sock_unaccepted, link);
        struct sock *connection = entry->sock;
        free(entry);
        if (sock_is_open(connection))
            return connection;
        sock_unref(connection);
    }
    return NULL;
}

static bool accept_offered(struct op *op)
{
    op->made.sock = accept_take_back(op->sock);
    if (op->made.sock == NULL)
        return false;
    struct net *net = op->sock->net;
    if (sock_peer(op->made.sock, &net->accepted_from) < 0)
        net->accepted_from = (struct address){0};
    return true;
}

/* Did accept4(2) fail because of one connection only (its manual page, "Error handling")? */
static bool accept_is_past(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
        return true;
    default:
        return false;
    }
}

/* An accept4(2) in vain costs as much as a whole request, since it makes the socket before it
 * looks: so what comes next is asked of poll(2), at a fifteenth of the price. */
static void accept_note_rest(struct sock *listener)
{
    if (sock_poll(listener, LOOP_READ) == 0)
        listener->ready &= (uint8_t)~LOOP_READ;
}

static int accept_one(struct sock *listener, struct sockaddr_storage *from, socklen_t *length)
{
    int fd, tries = 0;
    pulse_enter_call();
    do
        fd = accept4(listener->fd, (struct sockaddr *)from, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    while (fd < 0 && accept_is_past(errno) && !pulse_was_cut() && ++tries < ACCEPT_TRIES);
    bool cut = fd < 0 && errno == EINTR && pulse_was_cut();
    pulse_leave_call();
    if (fd >= 0) {
        accept_note_rest(listener);
        return fd;
    }
    int error = -errno;
    if (cut) { /* it waited, so there is none */
        foreign_note(listener);
        error = -EAGAIN;
    }
    if (error == -EAGAIN)
        listener->ready &= (uint8_t)~LOOP_READ;
    return error;
}

static const struct op_class accept_always_class;

static int accept_step(struct op *op)
{
    struct sock *listener = op->sock;
    struct net *net = listener->net;
    op->made.from = &net->accepted_from;
    if (listener->held)
        return OP_WAIT;
    if (accept_offered(op))
        return op_end(op, 0);
    if (!(listener->ready & LOOP_READ))
        return OP_WAIT;
    net_flush(net);
    uid_t owner = op->class == &accept_always_class ? NET_ACCEPTS : listener->owner;
    int error = net_admit(net, 1, owner);
    if (error == 0 && listener->foreign)
        error = foreign_prepare(listener);
    if (error < 0)
        return op_end(op, error);
    struct sockaddr_storage from = {0};
    socklen_t length = sizeof(from);
    CLEANUP(close_fdp) int fd = accept_one(listener, &from, &length);
    if (fd < 0)
        return fd == -EAGAIN ? OP_WAIT : op_end(op, net_note_shortage(net, fd));
    error = sock_wrap(net, fd, listener->domain, listener->type, listener->protocol,
                      listener->owner, &op->made.sock);
    if (error < 0)
        return op_end(op, error);
    (void)STEAL_FD(fd);
    op->made.sock->unshared = true;
    address_set(&net->accepted_from, (struct sockaddr *)&from, length);
    if (sock_rare(listener)->receive_limit != 0 || sock_rare(listener)->send_limit != 0)
        error = option_take_limits(op->made.sock); /* TCP's are inherited */
    if (error == 0 && (listener->foreign || sock_rare(listener)->linger != 0))
        error = linger_inherit(op->made.sock, listener);
    return op_end(op, error);
}

static void accept_release(struct op *op)
{
    if (op->made.sock != NULL)
        sock_unaccept(op->sock, op->made.sock);
    op->made.sock = NULL;
}

static const struct op_class accept_class = {
    .name = "accept",
    .queue = OP_QUEUE_READ,
    .accepts = true,
    .step = accept_step,
    .release = accept_release,
};

/* Of an accept loop, which has nothing better to do than to wait. */
static const struct op_class accept_always_class = {
    .name = "accept",
    .queue = OP_QUEUE_READ,
    .accepts = true,
    .always_waits = true,
    .step = accept_step,
    .release = accept_release,
};

void op_accept(struct op *op, struct sock *sock)
{
    op_init(op, &accept_class, sock);
}

void op_accept_always(struct op *op, struct sock *sock)
{
    op_init(op, &accept_always_class, sock);
}

struct sock *op_take_sock(struct op *op)
{
    return STEAL(op->made.sock);
}
