/* The queue of answers and its claims; see output.h. */
#include "rpc/output.h"

#include "net/net.h"
#include "net/sock.h"
#include "protocol/limits.h"
#include "rpc/handles.h"
#include "util/error.h"

#include <sys/socket.h>

/* An answer this small is never refused for want of quota: reading stops first, and a client must
 * be told that it has reached its quota. */
#define OUTPUT_FREE (64 * 1024)

struct claim {
    struct list link;
    uint64_t start, end; /* the bytes that must stay until all before `end` are sent */
    uint64_t id;         /* of the socket with the data; of the listener; or 0 */
    size_t length;       /* of the data, from `start` on */
    struct sock *sock;   /* a new one; NULL: data */
};

/* The charge follows the block that the buffer holds. */
static void output_account(struct output *output)
{
    size_t size = buffer_held(&output->buffer);
    if (size > output->charged)
        quota_force(output->user, QUOTA_BYTES, size - output->charged);
    else if (size < output->charged)
        quota_release(output->user, QUOTA_BYTES, output->charged - size);
    output->charged = size;
}

/* The half-written answer is committed for a moment, so that it moves along. */
static int output_grow(struct writer *writer, size_t more)
{
    struct output *output = writer->owner;
    struct buffer *buffer = &output->buffer;
    if (more > LIMIT_MESSAGE - writer->size)
        return -EMSGSIZE;
    if (more > OUTPUT_FREE && more > quota_left(output->user, QUOTA_BYTES))
        return -EDQUOT;
    if (writer->size > 0)
        buffer_commit(buffer, writer->size);
    int result = buffer_reserve(buffer, output->pool, more);
    buffer->end -= writer->size;
    output_account(output);
    if (result < 0)
        return result;
    writer->data = buffer_tail(buffer);
    writer->capacity = buffer_room(buffer);
    return 0;
}

void output_init(struct output *output, struct pool *pool, struct quota_user *user)
{
    *output = (struct output){.pool = pool, .user = user};
    list_init(&output->claims);
}

void output_lend(struct output *output, void *memory, size_t size)
{
    output->lent = memory;
    output->lent_size = size;
}

int output_keep(struct output *output)
{
    output->lent = NULL;
    int result = buffer_keep(&output->buffer, output->pool);
    output_account(output);
    return result;
}

struct writer *output_begin(struct output *output)
{
    struct buffer *buffer = &output->buffer;
    if (output->lent)
        buffer_lend(buffer, output->lent, output->lent_size);
    bool empty = !buffer->memory;
    writer_init(&output->writer, empty ? NULL : buffer_tail(buffer),
                empty ? 0 : buffer_room(buffer), output_grow, output);
    return &output->writer;
}

int output_end(struct output *output)
{
    int result = output->writer.error;
    if (result < 0)
        buffer_release_if_empty(&output->buffer, output->pool);
    else
        buffer_commit(&output->buffer, output->writer.size);
    if (output->charged != buffer_held(&output->buffer))
        output_account(output);
    return result;
}

static struct claim *output_claim(struct output *output)
{
    struct claim *claim = calloc(1, sizeof *claim);
    if (!claim)
        return NULL;
    claim->end = output->base + buffer_length(&output->buffer);
    claim->start = claim->end;
    list_append(&output->claims, &claim->link);
    return claim;
}

int output_claim_data(struct output *output, uint64_t sock, size_t size, size_t offset,
                      size_t length)
{
    struct claim *claim = output_claim(output);
    if (!claim)
        return -ENOMEM;
    claim->start = claim->end - size + offset;
    claim->id = sock;
    claim->length = length;
    return 0;
}

int output_claim_sock(struct output *output, struct sock *sock, uint64_t listener)
{
    struct claim *claim = output_claim(output);
    if (!claim)
        return -ENOMEM;
    claim->id = listener;
    claim->sock = sock;
    return 0;
}

static void claim_free(struct claim *claim)
{
    list_unlink(&claim->link);
    free(claim);
}

/* The kernel has the whole answer: the client knows its socket, which lives until it is closed. */
static void claim_settle(struct claim *claim)
{
    if (claim->sock) {
        if (sock_is_open(claim->sock))
            sock_keep(claim->sock);
        sock_unref(claim->sock);
    }
    claim_free(claim);
}

/* Drops what is sent and no claim needs any more. */
static void output_drop(struct output *output)
{
    uint64_t keep = output->sent;
    for (struct list *link; (link = list_first(&output->claims));) {
        struct claim *claim = CONTAINER_OF(link, struct claim, link);
        if (claim->end > output->sent) {
            keep = claim->start < keep ? claim->start : keep;
            break;
        }
        claim_settle(claim);
    }
    size_t length = (size_t)(keep - output->base);
    if (length > 0)
        buffer_consume(&output->buffer, output->pool, length);
    output->base = keep;
    if (output->charged != buffer_held(&output->buffer))
        output_account(output);
}

ssize_t output_flush(struct output *output, int fd)
{
    size_t total = 0;
    for (size_t length; (length = output_pending(output)) > 0;) {
        const uint8_t *at = buffer_data(&output->buffer) + (output->sent - output->base);
        ssize_t count = send(fd, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM)
            return -errno;
        if (count < 0)
            break;
        output->sent += (uint64_t)count;
        total += (size_t)count;
        if ((size_t)count < length)
            break; /* full: the loop tells when there is room again */
    }
    if (total > 0)
        output_drop(output);
    return (ssize_t)total;
}

static void output_return_data(struct output *output, const struct claim *claim, struct net *net)
{
    struct sock *sock = net_find(net, claim->id);
    if (sock && claim->length > 0)
        (void)sock_unread(sock, buffer_data(&output->buffer) + (claim->start - output->base),
                          claim->length);
}

static void output_return_sock(const struct claim *claim, struct net *net, struct handles *handles)
{
    struct sock *listener = claim->id > 0 ? net_find(net, claim->id) : NULL;
    if (listener && sock_is_open(claim->sock)) {
        handles_forget(handles, sock_id(claim->sock));
        sock_unaccept(listener, claim->sock);
        return;
    }
    sock_close(claim->sock);
    sock_unref(claim->sock);
}

void output_deinit(struct output *output, struct net *net, struct handles *handles)
{
    while (!list_empty(&output->claims)) {
        struct claim *claim = CONTAINER_OF(output->claims.prev, struct claim, link);
        if (claim->sock)
            output_return_sock(claim, net, handles);
        else
            output_return_data(output, claim, net);
        claim_free(claim);
    }
    buffer_deinit(&output->buffer, output->pool);
    output_account(output);
}
