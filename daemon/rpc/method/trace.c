/*
 * sockd.trace: copies of what passes through a socket, which slow nobody.
 *
 * When the client does not keep up, bytes are dropped and counted; the count goes out with the next
 * piece of that direction, or, when there is none, as soon as there is room.
 */
#include "loop/loop.h"
#include "net/sock.h"
#include "net/sock_watch.h"
#include "rpc/method/method.h"
#include "rpc/peer.h"
#include "rpc/subscription.h"

#include <time.h>

/* What stands around the bytes, at most. */
#define TRACE_HEAD 64

enum direction { DIRECTION_IN, DIRECTION_OUT, DIRECTIONS };

struct trace {
    struct subscription base;
    struct sock_tap tap;
    struct sock_closed closed;
    uint64_t lost[DIRECTIONS];
};

static double trace_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int trace_put(struct trace *trace, enum direction direction, const void *data, size_t length)
{
    struct writer *writer = subscription_begin(&trace->base, NOTIFICATION_trace, 4);
    writer_text(writer, direction == DIRECTION_IN ? "in" : "out");
    writer_double(writer, trace_time());
    writer_bin(writer, data, length);
    writer_uint(writer, trace->lost[direction]);
    int result = subscription_sent(&trace->base);
    if (result == 0)
        trace->lost[direction] = 0;
    return result;
}

static void trace_show(struct trace *trace, enum direction direction, const void *data,
                       size_t length)
{
    if (subscription_has_room(&trace->base, length + TRACE_HEAD) &&
        trace_put(trace, direction, data, length) == 0)
        return;
    trace->lost[direction] += length;
    subscription_starve(&trace->base);
}

static void trace_on_bytes(struct sock_tap *tap, unsigned passing, const void *data, size_t length)
{
    struct trace *trace = CONTAINER_OF(tap, struct trace, tap);
    enum direction direction = passing == LOOP_READ ? DIRECTION_IN : DIRECTION_OUT;
    const char *at = data;
    do { /* an empty message is shown too */
        size_t piece = length < SUBSCRIPTION_PIECE ? length : SUBSCRIPTION_PIECE;
        trace_show(trace, direction, at, piece);
        at += piece;
        length -= piece;
    } while (length > 0);
}

/* ---- the subscription ---- */

static void trace_tell_lost(struct trace *trace)
{
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        if (trace->lost[direction] > 0)
            (void)trace_put(trace, (enum direction)direction, "", 0);
    }
}

static void trace_refill(struct subscription *subscription)
{
    trace_tell_lost(CONTAINER_OF(subscription, struct trace, base));
}

static void trace_release(struct subscription *subscription)
{
    struct trace *trace = CONTAINER_OF(subscription, struct trace, base);
    list_unlink(&trace->tap.link);
    list_unlink(&trace->closed.link);
}

static const struct subscription_class trace_class = {
    .size = sizeof(struct trace),
    .release = trace_release,
    .refill = trace_refill,
};

static void trace_on_close(struct sock_closed *closed)
{
    struct trace *trace = CONTAINER_OF(closed, struct trace, closed);
    trace_tell_lost(trace);
    subscription_free(&trace->base);
}

/* ---- the method ---- */

static int trace_start(struct rpc_call *call, struct sock *sock)
{
    struct subscription *subscription;
    int result = subscription_new(call, &trace_class, sock, &subscription);
    if (result < 0)
        return result;
    struct trace *trace = CONTAINER_OF(subscription, struct trace, base);
    list_init(&trace->tap.link);
    trace->tap.fn = trace_on_bytes;
    list_init(&trace->closed.link);
    trace->closed.fn = trace_on_close;
    result = sock_on_close(sock, &trace->closed);
    if (result == 0)
        result = sock_tap_start(sock, &trace->tap);
    if (result < 0)
        subscription_free(&trace->base);
    return result;
}

int method_sockd_trace(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    struct subscription *old = subscription_find(call->peer, &trace_class, sock_id(sock));
    if (args->arg[1].boolean && !old)
        return trace_start(call, sock);
    if (!args->arg[1].boolean && old) {
        trace_tell_lost(CONTAINER_OF(old, struct trace, base));
        subscription_free(old);
    }
    return 0;
}
