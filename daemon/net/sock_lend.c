/*
 * Sockets on their way to another process. See sock.h.
 *
 * Between sock_lend and its end the object lives on, with its number, its read-ahead and its event,
 * but without a descriptor that others could use: to them it is closed.
 */
#include "net/net_private.h"

#include "net/sock_linger.h"
#include "util/cleanup.h"

#include <fcntl.h>

int sock_may_lend(struct sock *sock)
{
    MAGIC_CHECK(sock, SOCK_MAGIC);
    if (sock->fd < 0)
        return -EBADF;
    sock_flush(sock, 0);
    bool busy = !sock_is_flushed(sock) || sock->delivering || sock_has_returned(sock) ||
                !list_empty(&sock_rare(sock)->unaccepted);
    return busy ? -EBUSY : sock_make_rare(sock);
}

/* The mode is the open file's, which the other process shares from now on. */
static void set_blocking(int fd, bool blocking)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        (void)fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

int sock_lend(struct sock *sock)
{
    int error = sock_may_lend(sock);
    if (error < 0)
        return error;
    sock->unshared = false;
    sock->foreign = true;
    sock->rare->lent = sock_withdraw(sock);
    set_blocking(sock->rare->lent, true);
    linger_show(sock, sock->rare->lent);
    return sock->rare->lent;
}

void sock_take_back(struct sock *sock)
{
    CHECK(sock_rare(sock)->lent >= 0);
    set_blocking(sock->rare->lent, false);
    sock->fd = STEAL_FD(sock->rare->lent);
    (void)linger_hide(sock);
    net_reinstate(sock->net, sock);
    sock->ready |= LOOP_READ | LOOP_WRITE; /* whoever had it may have changed that */
    sock_forget_told(sock, SOCK_READABLE | SOCK_WRITABLE | SOCK_ACCEPT);
    sock_serve_later(sock);
    sock_touch(sock);
}

void sock_give_away(struct sock *sock)
{
    CHECK(sock_rare(sock)->lent >= 0);
    int fd = STEAL_FD(sock->rare->lent);
    bool slowly = sock_closes_slowly(sock);
    free(sock_take_file(sock)); /* whoever has the descriptor has the file too */
    sock_conclude(sock);
    sock_close_fd(fd, slowly);
}

int sock_read_ahead(const struct sock *sock, const void **data, size_t *length)
{
    *length = buffer_length(&sock->in);
    *data = *length > 0 ? buffer_data(&sock->in) : (const uint8_t *)"";
    return sock->in_error < 0 ? sock->in_error : -sock->kept_error;
}
