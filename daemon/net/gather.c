/*
 * Output that is gathered: what a fiber writes to a stream in one run goes out in one system call.
 *
 * The gathered bytes are an extension of the kernel's send buffer, and bounded: they wait only
 * while the fiber runs on. What the kernel does not take at the flush is written by an operation
 * like any other, at the head of the writers; until that is over nothing more is gathered, and
 * writers queue behind it. A socket that is closed meanwhile leaves the rest to linger.c.
 *
 * Only what is likely to go out is gathered: of a socket that has carried bytes before, whose peer
 * has not ended its side, and whose last send took all: where trouble is known it shows at once. So
 * the loop must be able to tell of it: it gets to know a socket with the second write at the
 * latest, since most that are answered before anybody waits are answered with one.
 */
#include "net/gather.h"

#include "net/linger.h"
#include "net/net_private.h"
#include "util/log.h"

enum { GATHER_MAGIC = 0x67617468 };

struct gather {
    unsigned magic;
    struct list link; /* among those to be flushed, or the spare ones */
    struct sock *sock;
    struct buffer bytes;
    struct op rest; /* writes what was left at the flush */
    bool shut;      /* SHUT_WR comes after it */
    uint8_t first[GATHER_PIECE];
};

/* ---- life: they are needed by few sockets at a time, so a few are kept ---- */

static struct gather *gather_take(struct sock *sock)
{
    struct net *net = sock->net;
    struct list *link = list_shift(&net->spare_gathers);
    struct gather *gather = link != NULL ? CONTAINER_OF(link, struct gather, link) : NULL;
    if (gather != NULL)
        net->spare_gather_count--;
    else if ((gather = calloc(1, sizeof(*gather))) == NULL)
        return NULL;
    gather->magic = GATHER_MAGIC;
    gather->sock = sock;
    gather->shut = false;
    sock->gather = gather;
    buffer_lend(&gather->bytes, gather->first, sizeof(gather->first));
    list_append(&net->gathering, &gather->link);
    return gather;
}

static void gather_give(struct gather *gather)
{
    struct net *net = gather->sock->net;
    CHECK(!list_linked(&gather->link));
    buffer_deinit(&gather->bytes, net->pool);
    gather->sock->gather = NULL;
    if (net->spare_gather_count >= GATHER_SPARE) {
        gather->magic = 0;
        free(gather);
        return;
    }
    list_prepend(&net->spare_gathers, &gather->link);
    net->spare_gather_count++;
}

void gather_free_spare(struct net *net)
{
    for (struct list *link; (link = list_shift(&net->spare_gathers)) != NULL;)
        free(CONTAINER_OF(link, struct gather, link));
    net->spare_gather_count = 0;
}

/* ---- gathering ---- */

static bool gather_may(const struct sock *sock, size_t length)
{
    size_t had = sock->gather != NULL ? buffer_length(&sock->gather->bytes) : 0;
    return sock->fd >= 0 && sock->type == SOCK_STREAM && length > 0 && length <= GATHER_PIECE &&
           length <= GATHER_MAX - had && !sock->rough && ring_empty(&sock->writers) &&
           (sock->ready & (LOOP_WRITE | LOOP_CLOSED)) == LOOP_WRITE &&
           sock->bytes_in + sock->bytes_out > 0;
}

/* Whether the loop tells of trouble; for the next write it will. */
static bool gather_is_told(struct sock *sock)
{
    if (loop_io_watches(&sock->io))
        return true;
    if (sock->bytes_out > 0)
        (void)sock_join_loop(sock);
    return false;
}

bool sock_gather(struct sock *sock, const void *data, size_t length)
{
    if (!gather_may(sock, length) || !gather_is_told(sock))
        return false;
    struct gather *gather = sock->gather != NULL ? sock->gather : gather_take(sock);
    if (gather == NULL)
        return false;
    if (buffer_append(&gather->bytes, sock->net->pool, data, length) < 0)
        return false;
    sock_record(sock, 0);
    return true;
}

/* ---- flushing ---- */

static void gather_on_rest(struct op *op)
{
    struct gather *gather = CONTAINER_OF(op, struct gather, rest);
    MAGIC_CHECK(gather, GATHER_MAGIC);
    struct sock *sock = gather->sock;
    if (sock->fd >= 0) {
        sock->out_error = sock_narrow(op->status);
        if (gather->shut && op->status == 0)
            (void)shutdown(sock->fd, SHUT_WR);
    }
    gather_give(gather);
    op_finish(op);
}

/* The kernel did not take all. */
COLD static void gather_write_rest(struct gather *gather)
{
    op_write_quietly(&gather->rest, gather->sock, buffer_data(&gather->bytes),
                     buffer_length(&gather->bytes));
    if (op_start(&gather->rest, LOOP_NEVER, gather_on_rest) == OP_DONE)
        gather_on_rest(&gather->rest);
}

/* Whether the socket's gathered bytes have been through a flush, and some are left. */
static bool gather_is_stuck(const struct gather *gather)
{
    return gather != NULL && !list_linked(&gather->link);
}

static void gather_flush(struct gather *gather, int flags)
{
    struct sock *sock = gather->sock;
    size_t length = buffer_length(&gather->bytes);
    list_unlink(&gather->link);
    ssize_t sent = sock_send(sock, buffer_data(&gather->bytes), length, flags);
    if (sent == (ssize_t)length) {
        gather_give(gather);
    } else if (sent < 0 && sent != -EAGAIN) {
        sock->out_error = sock_narrow((int)sent);
        gather_give(gather);
    } else {
        if (sent > 0)
            buffer_consume(&gather->bytes, sock->net->pool, (size_t)sent);
        gather_write_rest(gather);
    }
}

void net_flush_all(struct net *net)
{
    for (struct list *link; (link = list_first(&net->gathering)) != NULL;)
        gather_flush(CONTAINER_OF(link, struct gather, link), 0);
}

void sock_flush(struct sock *sock, int flags)
{
    struct gather *gather = sock->gather;
    if (gather != NULL && !gather_is_stuck(gather))
        gather_flush(gather, flags);
}

bool sock_is_flushed(const struct sock *sock)
{
    return sock->gather == NULL;
}

bool gather_shut(struct sock *sock)
{
    if (!gather_is_stuck(sock->gather))
        return false;
    sock->gather->shut = true;
    return true;
}

static void gather_log_loss(const struct sock *sock, int error)
{
    log_write(LOG_VERBOSE, "socket %llu: what was written last is lost: %s",
              (unsigned long long)sock->id, strerrordesc_np(-error));
}

void gather_close(struct sock *sock, struct buffer *left)
{
    sock_flush(sock, 0);
    if (sock->out_error != 0)
        gather_log_loss(sock, sock->out_error);
    struct gather *gather = sock->gather;
    if (gather == NULL)
        return;
    buffer_consume(&gather->bytes, sock->net->pool, gather->rest.out.sent);
    if (buffer_keep(&gather->bytes, sock->net->pool) == 0)
        *left = STEAL_BUFFER(gather->bytes);
    else
        gather_log_loss(sock, -ENOMEM);
    op_abort(&gather->rest);
    gather_give(gather);
}

void net_flush(struct net *net)
{
    if (!list_empty(&net->gathering))
        net_flush_all(net);
}
