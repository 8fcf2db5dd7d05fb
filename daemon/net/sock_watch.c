/*
 * Watches and taps; see sock_watch.h.
 *
 * The loop's events are hints: edge-triggered as they are, one of them may announce room while
 * bytes still wait that were told before, or bytes that a reader has taken meanwhile. So the
 * socket is looked at after its queues had their turn, and each watch compares with what it knows.
 */
#include "net/sock_watch.h"

#include "net/net_private.h"
#include "util/poll_now.h"

#include <sys/ioctl.h>

/* What a socket looks like now. */
struct sight {
    unsigned state;   /* what holds: SOCK_*, but SOCK_ERROR */
    bool came;        /* bytes, messages, connections: the loop said so */
    uint64_t arrived; /* of a stream: all bytes that ever came */
    size_t available; /* of them, those that nobody has taken */
    int error;        /* a new one; positive */
};

/* ---- looking ---- */

/*
 * There is no way to see an error of the kernel's without taking it. Whoever calls next gets it
 * as if it had not been touched.
 */
static int sight_error(struct sock *sock)
{
    int error = 0;
    socklen_t length = sizeof(error);
    if (getsockopt(sock->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 || error == 0)
        return 0;
    sock->kept_error = sock_narrow(error);
    sock->ready |= LOOP_READ;
    return error;
}

static int sight_queued(const struct sock *sock)
{
    int queued = 0;
    return ioctl(sock->fd, FIONREAD, &queued) == 0 && queued > 0 ? queued : 0;
}

static void sight_of_stream(const struct sock *sock, struct sight *sight)
{
    size_t queued = (size_t)sight_queued(sock);
    sight->available = buffer_length(&sock->in) + queued;
    sight->arrived = sock->bytes_in + queued;
    if (sight->available > 0)
        sight->state |= SOCK_READABLE;
}

/* Nothing tells how many messages came: each event that says so counts. */
static void sight_of_messages(const struct sock *sock, short found, struct sight *sight)
{
    if ((found & POLLIN) && (!(found & POLLRDHUP) || sight_queued(sock) > 0))
        sight->state |= SOCK_READABLE;
}

static struct sight sight_take(struct sock *sock, unsigned events, unsigned want)
{
    struct sight sight = {.came = (events & LOOP_READ) != 0};
    short seen = poll_now(sock->fd, POLLIN | POLLOUT | POLLRDHUP);
    if (sock->listening) {
        if ((seen & POLLIN) || !list_empty(&sock_rare(sock)->unaccepted))
            sight.state |= SOCK_ACCEPT;
        return sight;
    }
    if (sock_is_stream(sock))
        sight_of_stream(sock, &sight);
    else
        sight_of_messages(sock, seen, &sight);
    if ((seen & (POLLOUT | POLLHUP | POLLERR)) == POLLOUT)
        sight.state |= SOCK_WRITABLE;
    if ((seen & POLLERR) && (want & SOCK_ERROR))
        sight.error = sight_error(sock);
    if ((seen & (POLLRDHUP | POLLERR)) == POLLRDHUP && sock->kept_error == 0)
        sight.state |= SOCK_EOF;
    return sight;
}

/* ---- telling ---- */

/*
 * Whether there is more to receive than the watch knows of. Messages and connections cannot be
 * counted: each event counts as one, and a look without one only for a watch that asks. What such a
 * look finds may be what the loop's next look for events brings again: that one does not count.
 */
static bool watch_has_news(struct sock_watch *watch, struct sock *sock, const struct sight *sight)
{
    if (sock_is_stream(sock) && !sock->listening)
        return sight->arrived > watch->known;
    bool news = (sight->came && !watch->early) || watch->asks;
    bool found = (sight->state & (SOCK_READABLE | SOCK_ACCEPT)) != 0;
    watch->early = found && watch->asks && !sight->came;
    if (watch->early)
        sock_serve_later(sock);
    return news;
}

/* What is new to this watch. */
static unsigned watch_compare(struct sock_watch *watch, struct sock *sock,
                              const struct sight *sight)
{
    unsigned fresh = sight->state & ~watch->told;
    if (!watch_has_news(watch, sock, sight))
        fresh &= ~(SOCK_READABLE | SOCK_ACCEPT);
    watch->asks = false;
    watch->told = (sight->state & SOCK_WRITABLE) | (fresh & SOCK_EOF) |
                  (watch->told & (SOCK_EOF | SOCK_ERROR));
    watch->known = sight->arrived > watch->known ? sight->arrived : watch->known;
    if (sight->error != 0 || (sock->kept_error != 0 && !(watch->told & SOCK_ERROR))) {
        fresh |= SOCK_ERROR;
        watch->told |= SOCK_ERROR | SOCK_EOF; /* the end that this makes is told by it */
    }
    return fresh & watch->want;
}

void sock_look(struct sock *sock, unsigned events)
{
    unsigned want = 0;
    if (sock->fd < 0)
        return;
    LIST_FOREACH_SAFE (link, &sock_rare(sock)->watches)
        want |= CONTAINER_OF(link, struct sock_watch, link)->want;
    if (want == 0)
        return;
    struct sight sight = sight_take(sock, events, want);
    if (want & ~sight.state & SOCK_WRITABLE)
        sock_want_write(sock);
    LIST_FOREACH_SAFE (link, &sock_rare(sock)->watches) {
        struct sock_watch *watch = CONTAINER_OF(link, struct sock_watch, link);
        struct sock_news news = {.error = sock->kept_error, .available = sight.available};
        news.events = watch_compare(watch, sock, &sight);
        if (news.events != 0)
            watch->fn(watch, &news);
    }
}

int sock_watch_start(struct sock *sock, struct sock_watch *watch, unsigned want)
{
    int error = sock_make_rare(sock);
    if (error == 0)
        error = sock_join_loop(sock);
    if (error < 0)
        return error;
    list_unlink(&watch->link);
    list_append(&sock->rare->watches, &watch->link);
    watch->want = want;
    watch->told = 0;
    watch->known = 0;
    watch->asks = true;
    watch->early = false;
    sock_serve_later(sock);
    return 0;
}

void sock_forget_told(struct sock *sock, unsigned states)
{
    LIST_FOREACH_SAFE (link, &sock_rare(sock)->watches) {
        struct sock_watch *watch = CONTAINER_OF(link, struct sock_watch, link);
        watch->told &= ~states;
        if (states & SOCK_READABLE)
            watch->known = 0;
        watch->asks |= (states & (SOCK_READABLE | SOCK_ACCEPT)) != 0;
        if (states & watch->want & SOCK_WRITABLE)
            sock_want_write(sock);
    }
}

/* ---- errors that somebody's call has met ---- */

/* Has the connection failed, or only the call? */
static bool is_of_connection(int error)
{
    switch (error) {
    case ECONNRESET:
    case ECONNREFUSED:
    case ECONNABORTED:
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
        return true;
    default:
        return false;
    }
}

int sock_failed(struct sock *sock, int error)
{
    if (list_empty(&sock_rare(sock)->watches) || !is_of_connection(-error))
        return error;
    const struct sock_news news = {.events = SOCK_ERROR, .error = -error};
    LIST_FOREACH_SAFE (link, &sock_rare(sock)->watches) {
        struct sock_watch *watch = CONTAINER_OF(link, struct sock_watch, link);
        watch->told |= SOCK_ERROR | SOCK_EOF;
        if (watch->want & SOCK_ERROR)
            watch->fn(watch, &news);
    }
    return error;
}

/* ---- taps ---- */

int sock_tap_start(struct sock *sock, struct sock_tap *tap)
{
    int error = sock_make_rare(sock);
    if (error < 0)
        return error;
    list_unlink(&tap->link);
    list_append(&sock->rare->taps, &tap->link);
    return 0;
}

void sock_show_taps(struct sock *sock, unsigned direction, const void *data, size_t length)
{
    LIST_FOREACH_SAFE (link, &sock_rare(sock)->taps) {
        struct sock_tap *tap = CONTAINER_OF(link, struct sock_tap, link);
        tap->fn(tap, direction, data, length);
    }
}
