/* The queue of answers and its claims; see output.h. */
#include "rpc/output.h"

#include "net/net.h"
#include "net/sock.h"
#include "protocol/limits.h"
#include "rpc/handles.h"
#include "rpc/handover.h"
#include "util/error.h"

#include <string.h>
#include <sys/socket.h>

/* An answer this small is never refused for want of quota: reading stops first, and a client must
 * be told that it has reached its quota. */
#define OUTPUT_FREE (64 * 1024)

struct claim {
    struct list link;
    uint64_t start, end;       /* the bytes that must stay until all before `end` are sent */
    uint64_t id;               /* of the socket with the data; of the listener; or 0 */
    size_t length;             /* of the data, from `start` on */
    struct sock *sock;         /* a new one, or one that is lent; NULL: data */
    int fd;                    /* of one that is lent, to go with byte `start`; otherwise -1 */
    bool lent, sent;           /* `sent`: the kernel has the descriptor */
    struct handover *handover; /* of one that is lent: what begins when it is out, or NULL */
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
    if (!output->buffer.memory)
        return 0;
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
    struct claim *claim = malloc(sizeof *claim);
    if (!claim)
        return NULL;
    uint64_t end = output->base + buffer_length(&output->buffer);
    *claim = (struct claim){.start = end, .end = end, .fd = -1};
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

int output_claim_lent(struct output *output, struct sock *sock, size_t size,
                      struct handover *handover)
{
    struct claim *claim = output_claim(output);
    if (!claim)
        return -ENOMEM;
    int fd = sock_lend(sock);
    if (fd < 0) {
        list_unlink(&claim->link);
        free(claim);
        return fd;
    }
    claim->start = claim->end - size;
    claim->sock = sock_ref(sock);
    claim->fd = fd;
    claim->lent = true;
    claim->handover = handover;
    output->descriptors++;
    return 0;
}

void output_retract(struct output *output, size_t size)
{
    output->buffer.end -= size;
    buffer_release_if_empty(&output->buffer, output->pool);
    output_account(output);
}

static void claim_free(struct claim *claim)
{
    list_unlink(&claim->link);
    free(claim);
}

/* The kernel has the whole answer: the client knows its socket, which lives until it is closed. */
static void claim_settle(struct claim *claim)
{
    if (claim->handover)
        handover_begin(claim->handover, sock_ref(claim->sock));
    else if (claim->lent)
        sock_give_away(claim->sock);
    else if (claim->sock && sock_is_open(claim->sock))
        sock_keep(claim->sock);
    sock_unref(claim->sock);
    claim_free(claim);
}

/* Drops what is sent and no claim needs any more. */
static void output_drop(struct output *output)
{
    uint64_t keep = output->sent;
    for (struct list *link; (link = list_first(&output->claims));) {
        struct claim *claim = CONTAINER_OF(link, struct claim, link);
        if (claim->end > output->sent) {
            if (!claim->lent && claim->start < keep)
                keep = claim->start;
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

/* The first claim from that link on whose descriptor is still to be sent, or NULL. */
static struct claim *output_next_lent(const struct output *output, struct list *link)
{
    for (; link != &output->claims; link = link->next) {
        struct claim *claim = CONTAINER_OF(link, struct claim, link);
        if (claim->lent && !claim->sent)
            return claim;
    }
    return NULL;
}

/* Sends bytes whose first one a descriptor goes with. */
static ssize_t send_descriptor(int to, const void *data, size_t length, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = length};
    struct msghdr message = {
        .msg_iov = &piece,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* One send(2), which ends before the next descriptor: that goes with the first byte of another.
 * `*length` becomes how much there was to be sent. */
static ssize_t output_send(struct output *output, int fd, size_t *length)
{
    const uint8_t *at = buffer_data(&output->buffer) + (output->sent - output->base);
    struct claim *with = NULL, *next = NULL;
    if (output->descriptors > 0)
        next = output_next_lent(output, output->claims.next);
    if (next && next->start == output->sent) {
        with = next;
        next = output_next_lent(output, with->link.next);
    }
    *length = next ? (size_t)(next->start - output->sent) : output_pending(output);
    if (!with)
        return send(fd, at, *length, MSG_NOSIGNAL | MSG_DONTWAIT);
    ssize_t count = send_descriptor(fd, at, *length, with->fd);
    if (count > 0) {
        with->sent = true;
        output->descriptors--;
    }
    return count;
}

/* Whether it may work later: the kernel is out of memory, or too many descriptors are on their way
 * (unix(7), ETOOMANYREFS). */
static bool may_pass(int error)
{
    return error == EAGAIN || error == ENOBUFS || error == ENOMEM || error == ETOOMANYREFS;
}

ssize_t output_flush(struct output *output, int fd)
{
    size_t total = 0;
    output->refused = false;
    for (size_t length; output_pending(output) > 0;) {
        ssize_t count = output_send(output, fd, &length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && !may_pass(errno))
            return -errno;
        output->refused = count < 0 && errno != EAGAIN;
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

static void output_return_lent(const struct claim *claim, struct handles *handles)
{
    sock_take_back(claim->sock);
    handles_restored(handles, sock_id(claim->sock));
    handover_free(claim->handover);
    sock_unref(claim->sock);
}

void output_deinit(struct output *output, struct net *net, struct handles *handles)
{
    while (!list_empty(&output->claims)) {
        struct claim *claim = CONTAINER_OF(output->claims.prev, struct claim, link);
        if (claim->lent)
            output_return_lent(claim, handles);
        else if (claim->sock)
            output_return_sock(claim, net, handles);
        else
            output_return_data(output, claim, net);
        claim_free(claim);
    }
    output->descriptors = 0;
    buffer_deinit(&output->buffer, output->pool);
    output_account(output);
}
