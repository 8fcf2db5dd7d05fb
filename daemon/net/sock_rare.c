/*
 * What few sockets need: who looks on, what was given back, limits of time. It is made when the
 * first of it is needed, and goes with the socket.
 */
#include "net/sock_private.h"

#include "util/cleanup.h"

static struct sock_rare none = {
    .waiters = LIST_INIT(none.waiters),
    .unaccepted = LIST_INIT(none.unaccepted),
    .closed_watches = LIST_INIT(none.closed_watches),
    .watches = LIST_INIT(none.watches),
    .taps = LIST_INIT(none.taps),
    .lent = -1,
};

const struct sock_rare *const sock_rare_none = &none;

int sock_make_rare(struct sock *sock)
{
    if (sock->rare != NULL)
        return 0;
    struct sock_rare *rare = calloc(1, sizeof(*rare));
    if (rare == NULL)
        return -ENOMEM;
    list_init(&rare->waiters);
    list_init(&rare->unaccepted);
    list_init(&rare->closed_watches);
    list_init(&rare->watches);
    list_init(&rare->taps);
    rare->lent = -1;
    sock->rare = rare;
    return 0;
}

int sock_set_limits(struct sock *sock, uint64_t receive, uint64_t send)
{
    if (sock->rare == NULL && receive == 0 && send == 0)
        return 0;
    int error = sock_make_rare(sock);
    if (error < 0)
        return error;
    sock->rare->receive_limit = receive;
    sock->rare->send_limit = send;
    return 0;
}

int sock_on_close(struct sock *sock, struct sock_closed *watch)
{
    int error = sock_make_rare(sock);
    if (error == 0)
        list_append(&sock->rare->closed_watches, &watch->link);
    return error;
}

struct sock_file *sock_take_file(struct sock *sock)
{
    return sock->rare != NULL ? STEAL(sock->rare->file) : NULL;
}

void sock_free_rare(struct sock *sock)
{
    free(STEAL(sock->rare));
}
