/* Successors of listeners; see heir.h. */
#include "net/heir.h"

#include "net/net_private.h"

#include "util/cleanup.h"

#include <fcntl.h>
#include <string.h>

int heir_new(struct sock *listener, uid_t owner, struct sock **out)
{
    MAGIC_CHECK(listener, SOCK_MAGIC);
    if (listener->fd < 0)
        return -EBADF;
    CLEANUP(close_fdp) int fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int error = sock_wrap(listener->net, fd, listener->domain, listener->type, listener->protocol,
                          owner, out);
    if (error < 0)
        return error;
    (void)STEAL_FD(fd);
    struct sock *heir = *out;
    listener->unshared = false;
    heir->listening = heir->held = true;
    heir->any_port = listener->any_port;
    heir->foreign = listener->foreign;
    const struct sock_rare *rare = sock_rare(listener);
    error = sock_make_rare(heir);
    if (error == 0)
        error = sock_set_limits(heir, rare->receive_limit, rare->send_limit);
    if (error == 0)
        heir->rare->linger = rare->linger;
    if (error == 0)
        heir->rare->lingers = rare->lingers;
    if (error < 0)
        sock_unref(heir);
    return error;
}

void heir_release(struct sock *heir)
{
    if (!heir->held)
        return;
    heir->held = false;
    sock_serve_later(heir);
}

void heir_succeed(struct sock *heir, struct sock *listener)
{
    MAGIC_CHECK(heir, SOCK_MAGIC);
    MAGIC_CHECK(listener, SOCK_MAGIC);
    if (!sock_is_open(heir))
        return;
    struct sock_rare *left = listener->rare;
    if (left != NULL)
        list_splice(&heir->rare->unaccepted, &left->unaccepted);
    if (left != NULL && left->file != NULL)
        heir->rare->file = STEAL(left->file);
    sock_close(listener);
    heir_release(heir);
}

/* The port, where it is in the address. */
static void clear_port(struct address *address)
{
    if (address->family == AF_INET)
        address->in.sin_port = 0;
    else if (address->family == AF_INET6)
        address->in6.sin6_port = 0;
}

/* A path ends at a zero byte, where the kernel and address_parse may count differently; an abstract
 * name is all of its bytes. */
static bool unix_equal(const struct address *a, const struct address *b)
{
    if (a->un.sun_path[0] != '\0')
        return strncmp(a->un.sun_path, b->un.sun_path, sizeof a->un.sun_path) == 0;
    return a->length == b->length && memcmp(&a->un, &b->un, a->length) == 0;
}

static bool address_equal(const struct address *a, const struct address *b)
{
    if (a->family != b->family)
        return false;
    switch (a->family) {
    case AF_INET:
        return a->in.sin_port == b->in.sin_port && a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    case AF_INET6:
        return a->in6.sin6_port == b->in6.sin6_port &&
               a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
               memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof a->in6.sin6_addr) == 0;
    case AF_UNIX:
        return unix_equal(a, b);
    default:
        return false;
    }
}

bool heir_matches(struct sock *listener, const struct address *asked)
{
    struct address bound = {0};
    int16_t error = listener->last_error;
    if (sock_name(listener, &bound) < 0)
        return false;
    listener->last_error = error; /* nobody asked on it */
    if (address_equal(&bound, asked))
        return true;
    clear_port(&bound);
    return listener->any_port && address_equal(&bound, asked);
}
