/*
 * sockd.stream and sockd.credit: a connection as the reader of a socket, which is sent what comes.
 *
 * Bytes leave the read-ahead as they enter the connection's output, each piece with a claim: what
 * the client has not been sent when it goes returns to the socket, in order, like the bytes of an
 * answer. Credit bounds what is sent; the output's window, with a client that does not read,
 * bounds what is held.
 */
#include "net/op.h"
#include "net/sock.h"
#include "rpc/method/method.h"
#include "rpc/peer.h"
#include "rpc/subscription.h"
#include "util/error.h"

#include <inttypes.h>

struct stream {
    struct subscription base;
    struct op op;
    uint64_t credit; /* bytes that may still be sent */
    uint64_t offset; /* bytes that were */
    bool over;       /* the operation has ended */
};

/* ---- the flow ---- */

static size_t stream_room(struct op *op)
{
    struct stream *stream = CONTAINER_OF(op, struct stream, op);
    if (stream->credit == 0)
        return 0;
    size_t room = subscription_window(&stream->base);
    if (room == 0)
        subscription_starve(&stream->base);
    return room < stream->credit ? room : (size_t)stream->credit;
}

static int stream_take(struct op *op, const void *data, size_t length)
{
    struct stream *stream = CONTAINER_OF(op, struct stream, op);
    struct writer *writer = subscription_begin(&stream->base, NOTIFICATION_data, 2);
    writer_uint(writer, stream->offset);
    writer_bin_head(writer, length);
    size_t data_at = writer->size;
    writer_raw(writer, data, length);
    size_t size = writer->size;
    int result = subscription_sent(&stream->base);
    if (result < 0)
        return result;
    /* without memory for the claim the piece counts as delivered, like an answer */
    (void)output_claim_data(&stream->base.peer->output, stream->base.id, size, data_at, length);
    stream->credit -= length;
    stream->offset += length;
    return 0;
}

/* The last notification. */
static void stream_put_end(struct stream *stream, int status)
{
    struct writer *writer =
        subscription_begin(&stream->base, NOTIFICATION_data, status < 0 ? 3 : 2);
    writer_uint(writer, stream->offset);
    writer_nil(writer);
    if (status < 0)
        message_put_details(writer, &(struct message_error){.number = -status});
    subscription_must_send(&stream->base);
}

static void stream_on_done(struct op *op)
{
    struct stream *stream = CONTAINER_OF(op, struct stream, op);
    stream->over = true;
    stream_put_end(stream, op->status);
    op_finish(op);
    subscription_free(&stream->base);
}

/* ---- the subscription ---- */

static void stream_release(struct subscription *subscription)
{
    struct stream *stream = CONTAINER_OF(subscription, struct stream, base);
    if (!stream->over)
        op_abort(&stream->op);
}

static void stream_refill(struct subscription *subscription)
{
    op_stream_resume(&CONTAINER_OF(subscription, struct stream, base)->op);
}

static const struct subscription_class stream_class = {
    .size = sizeof(struct stream),
    .release = stream_release,
    .refill = stream_refill,
};

static struct stream *stream_find(const struct rpc_call *call, const struct sock *sock)
{
    struct subscription *found = subscription_find(call->peer, &stream_class, sock_id(sock));
    return found ? CONTAINER_OF(found, struct stream, base) : NULL;
}

static int stream_start(struct rpc_call *call, struct sock *sock, uint64_t credit)
{
    struct subscription *subscription;
    int result = subscription_new(call, &stream_class, sock, &subscription);
    if (result < 0)
        return result;
    struct stream *stream = CONTAINER_OF(subscription, struct stream, base);
    op_stream(&stream->op, sock, SUBSCRIPTION_PIECE, stream_room, stream_take);
    if (op_start(&stream->op, LOOP_NEVER, stream_on_done) == OP_DONE) {
        result = stream->op.status;
        subscription_free(subscription);
        return result;
    }
    stream->credit = credit;
    op_stream_resume(&stream->op);
    return 0;
}

/* ---- the methods ---- */

int method_sockd_stream(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    struct stream *stream = stream_find(call, sock);
    if (args->arg[1].kind == ARG_ABSENT) {
        if (stream)
            subscription_free(&stream->base);
        return 0;
    }
    if (stream)
        return call_fail(call, -EBUSY, "sockd.stream: you have a stream of socket %" PRIu64,
                         sock_id(sock));
    if (!sock_is_stream(sock) || sock_is_listener(sock))
        return call_fail(call, -EOPNOTSUPP,
                         "sockd.stream: socket %" PRIu64 " is no stream of bytes", sock_id(sock));
    return stream_start(call, sock, (uint64_t)args->arg[1].integer);
}

int method_sockd_credit(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    struct stream *stream = stream_find(call, sock);
    if (!stream)
        return call_fail(call, -ENOENT, "sockd.credit: you have no stream of socket %" PRIu64,
                         sock_id(sock));
    uint64_t more = (uint64_t)args->arg[1].integer;
    if (more > INT64_MAX - stream->credit)
        return call_fail(call, -EOVERFLOW,
                         "sockd.credit: n: more than can be counted together "
                         "with the credit that is left");
    stream->credit += more;
    op_stream_resume(&stream->op);
    return 0;
}
