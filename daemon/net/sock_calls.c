/*
 * The calls on a socket that never wait, and what is known about it.
 */
#include "net/net_private.h"

#include "net/gather.h"
#include "util/cleanup.h"

#include <time.h>

/* ---- calls that never wait ---- */

int sock_bind(struct sock *sock, const struct address *address)
{
    if (sock->fd < 0)
        return -EBADF;
    return sock_record(sock, bind(sock->fd, &address->any, address->length) < 0 ? -errno : 0);
}

int sock_listen(struct sock *sock, int backlog)
{
    if (sock->fd < 0)
        return -EBADF;
    if (listen(sock->fd, backlog) < 0)
        return sock_record(sock, -errno);
    sock->listening = true;
    sock->ready |= LOOP_READ;
    return sock_record(sock, 0);
}

/* The sending half ends when what was gathered has gone. */
static int sock_shut(struct sock *sock, int how)
{
    if (how != SHUT_RD)
        sock->rough = true;
    if (how != SHUT_RD && gather_shut(sock)) {
        if (how == SHUT_WR)
            return 0;
        how = SHUT_RD;
    }
    return shutdown(sock->fd, how) < 0 ? -errno : 0;
}

int sock_shutdown(struct sock *sock, int how)
{
    if (sock->fd < 0)
        return -EBADF;
    int result = sock_enter(sock);
    if (result == 0)
        result = sock_shut(sock, how);
    sock->ready |= LOOP_READ | LOOP_WRITE; /* whoever waits shall find out */
    sock_serve_later(sock);
    return sock_record(sock, result);
}

typedef int name_fn(int fd, struct sockaddr *address, socklen_t *length);

static int sock_ask_name(struct sock *sock, name_fn *ask, struct address *out)
{
    if (sock->fd < 0)
        return -EBADF;
    struct sockaddr_storage found = {0};
    socklen_t length = sizeof(found);
    if (ask(sock->fd, (struct sockaddr *)&found, &length) < 0)
        return sock_record(sock, -errno);
    address_set(out, (struct sockaddr *)&found, length);
    return 0; /* a look-up that succeeds leaves others' results alone */
}

int sock_name(struct sock *sock, struct address *out)
{
    return sock_ask_name(sock, getsockname, out);
}

int sock_peer(struct sock *sock, struct address *out)
{
    return sock_ask_name(sock, getpeername, out);
}

bool sock_nonblock(const struct sock *sock)
{
    return sock->nonblock;
}

void sock_set_nonblock(struct sock *sock, bool nonblock)
{
    sock->nonblock = nonblock;
}

int sock_errno(const struct sock *sock)
{
    return sock->last_error;
}

int sock_fail(struct sock *sock, int error)
{
    return sock->fd < 0 ? error : sock_record(sock, error);
}

/* ---- what nobody received ---- */

/*
 * While a result lies in the read-ahead nobody may move it: what is given back waits beside it, in
 * a buffer with room for both, so that bringing them together cannot fail.
 */
static int sock_unread_aside(struct sock *sock, const void *data, size_t length)
{
    struct pool *pool = sock->net->pool;
    int error = sock_make_rare(sock);
    if (error < 0)
        return error;
    struct buffer *returned = &sock->rare->returned;
    error = buffer_prepend(returned, pool, data, length);
    if (error < 0)
        return error;
    error = buffer_reserve(returned, pool, buffer_length(&sock->in));
    if (error < 0)
        buffer_consume(returned, pool, length);
    return error;
}

void sock_take_returned(struct sock *sock)
{
    if (!sock_has_returned(sock))
        return;
    struct pool *pool = sock->net->pool;
    struct buffer returned = STEAL_BUFFER(sock->rare->returned);
    if (sock->fd < 0) {
        buffer_deinit(&returned, pool);
        return;
    }
    size_t length = buffer_length(&sock->in);
    if (length > 0)
        CHECK(buffer_append(&returned, pool, buffer_data(&sock->in), length) == 0);
    buffer_deinit(&sock->in, pool);
    sock->in = returned;
    sock->scanned = 0;
    sock_serve_later(sock);
}

int sock_unread(struct sock *sock, const void *data, size_t length)
{
    MAGIC_CHECK(sock, SOCK_MAGIC);
    if (sock->fd < 0 || length == 0)
        return 0;
    sock_forget_told(sock, SOCK_READABLE);
    if (sock->delivering)
        return sock_unread_aside(sock, data, length);
    int error = buffer_prepend(&sock->in, sock->net->pool, data, length);
    if (error < 0)
        return error;
    sock->scanned = 0;
    sock_serve_later(sock);
    return 0;
}

void sock_unaccept(struct sock *listener, struct sock *connection)
{
    MAGIC_CHECK(listener, SOCK_MAGIC);
    bool open = listener->fd >= 0 && sock_make_rare(listener) == 0;
    struct sock_unaccepted *entry = open ? malloc(sizeof(*entry)) : NULL;
    if (entry == NULL) {
        sock_close(connection);
        sock_unref(connection);
        return;
    }
    *entry = (struct sock_unaccepted){.sock = connection};
    connection->owner = listener->owner;
    list_append(&listener->rare->unaccepted, &entry->link);
    sock_forget_told(listener, SOCK_ACCEPT);
    sock_serve_later(listener);
}

/* ---- what is known ---- */

uint64_t sock_id(const struct sock *sock)
{
    return sock->id;
}

int sock_expose(struct sock *sock)
{
    sock_flush(sock, 0);
    sock->unshared = false;
    return sock->fd;
}

bool sock_is_unshared(const struct sock *sock)
{
    return sock->unshared;
}

int sock_fd(const struct sock *sock)
{
    return sock->fd;
}

uid_t sock_owner(const struct sock *sock)
{
    return sock->owner;
}

void sock_set_owner(struct sock *sock, uid_t owner)
{
    sock->owner = owner;
}

struct net *sock_net(const struct sock *sock)
{
    return sock->net;
}

int sock_domain(const struct sock *sock)
{
    return sock->domain;
}

int sock_type(const struct sock *sock)
{
    return sock->type;
}

int sock_protocol(const struct sock *sock)
{
    return sock->protocol;
}

bool sock_is_listener(const struct sock *sock)
{
    return sock->listening;
}

int sock_data_error(const struct sock *sock, bool writes)
{
    if (!sock->listening)
        return 0;
    if (sock->domain == AF_UNIX && sock_is_stream(sock))
        return writes ? -ENOTCONN : -EINVAL;
    return writes && sock->domain != AF_UNIX ? -EPIPE : -ENOTCONN;
}

bool sock_is_stream(const struct sock *sock)
{
    return sock->type == SOCK_STREAM;
}

const char *sock_state(const struct sock *sock)
{
    struct sockaddr_storage found;
    socklen_t length = sizeof(found);
    if (sock->fd < 0)
        return "closed";
    if (sock->listening)
        return "listening";
    if (getpeername(sock->fd, (struct sockaddr *)&found, &length) == 0)
        return "connected";
    if (!ring_empty(&sock->writers))
        return "connecting";
    length = sizeof(found);
    if (getsockname(sock->fd, (struct sockaddr *)&found, &length) < 0)
        return "unconnected";
    struct address name;
    address_set(&name, (struct sockaddr *)&found, length);
    struct address_text text;
    address_format(&name, &text);
    return text.port > 0 || text.path[0] != '\0' ? "bound" : "unconnected";
}

static unsigned list_count(const struct list *head)
{
    unsigned count = 0;
    for (const struct list *node = head->next; node != head; node = node->next)
        count++;
    return count;
}

/* Seconds since the epoch at a moment of the monotonic clock, as the other one is set now; by the
 * tick, as time(2) tells them: never later than what that says afterwards. */
static int64_t date_of(uint64_t moment)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    uint64_t date = (uint64_t)now.tv_sec * LOOP_SECOND + (uint64_t)now.tv_nsec;
    return (int64_t)((date - (loop_now() - moment)) / LOOP_SECOND);
}

void sock_counters(const struct sock *sock, struct sock_counters *out)
{
    *out = (struct sock_counters){
        .bytes_in = sock->bytes_in,
        .bytes_out = sock->bytes_out,
        .read_ahead = buffer_length(&sock->in),
        .waiting = ring_count(&sock->readers) + ring_count(&sock->writers) +
                   list_count(&sock_rare(sock)->waiters),
        .created = sock->created,
        .used = date_of(sock->used),
    };
    if (out->used < out->created) /* by less than a round of the loop, or the clock was set back */
        out->used = out->created;
}
