/* SO_LINGER; see sock_linger.h. */
#include "net/sock_linger.h"

#include "net/net_private.h"
#include "net/option.h"

static int linger_get(int fd, struct linger *out)
{
    socklen_t length = sizeof(*out);
    return getsockopt(fd, SOL_SOCKET, SO_LINGER, out, &length) < 0 ? -errno : 0;
}

static int linger_set(int fd, bool active, int seconds)
{
    const struct linger value = {.l_onoff = active, .l_linger = seconds};
    return setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* Nothing is to be remembered, or there is room for it. */
static int linger_remember(struct sock *sock, bool active, int seconds)
{
    if (sock->rare == NULL && seconds == 0)
        return 0;
    int error = sock_make_rare(sock);
    if (error < 0)
        return error;
    sock->rare->lingers = active;
    sock->rare->linger = seconds;
    return 0;
}

int linger_hide(struct sock *sock)
{
    struct linger value = {0};
    if (linger_get(sock->fd, &value) < 0 || value.l_onoff == 0 || value.l_linger == 0)
        return 0;
    int error = linger_remember(sock, true, value.l_linger);
    return error < 0 ? error : linger_set(sock->fd, false, 0);
}

void linger_show(const struct sock *sock, int fd)
{
    const struct sock_rare *rare = sock_rare(sock);
    if (rare->lingers && rare->linger != 0)
        (void)linger_set(fd, true, rare->linger);
}

int linger_inherit(struct sock *connection, const struct sock *listener)
{
    const struct sock_rare *rare = sock_rare(listener);
    int error = linger_remember(connection, rare->lingers, rare->linger);
    if (error == 0 && listener->foreign) /* whoever shares it may have set it there */
        error = linger_hide(connection);
    return error;
}

int sock_get_linger(struct sock *sock, bool *active, int *seconds)
{
    if (sock->fd < 0)
        return -EBADF;
    int error = sock_enter(sock);
    if (error < 0)
        return sock_record(sock, error);
    const struct sock_rare *rare = sock_rare(sock);
    struct linger value = {.l_onoff = rare->lingers, .l_linger = rare->linger};
    if (value.l_linger == 0)
        error = linger_get(sock->fd, &value);
    *active = value.l_onoff != 0;
    *seconds = value.l_linger;
    return sock_record(sock, error);
}

int sock_set_linger(struct sock *sock, bool active, int seconds)
{
    if (sock->fd < 0)
        return -EBADF;
    if (seconds < 0)
        return sock_record(sock, -EINVAL);
    int error = sock_enter(sock);
    if (error < 0)
        return sock_record(sock, error);
    error = linger_set(sock->fd, active && seconds == 0, 0);
    if (error == 0)
        error = linger_remember(sock, active, active ? seconds : sock_rare(sock)->linger);
    return sock_record(sock, error);
}
