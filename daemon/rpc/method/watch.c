/*
 * sockd.watch: a notification for each change of a socket.
 *
 * When the client does not read, changes gather: one that is owed already is not owed twice, so
 * that a watch holds no more than its own memory, however often the socket changes.
 */
#include "net/sock.h"
#include "net/sock_watch.h"
#include "rpc/method/method.h"
#include "rpc/peer.h"
#include "rpc/subscription.h"
#include "util/error.h"

#include <string.h>

/* Beside SOCK_READABLE and its like. */
#define EVENT_CLOSE (1u << 8)

/* More than any sentence and name around it. */
#define EVENT_SIZE  512

struct watch {
    struct subscription base;
    struct sock_watch watch;
    struct sock_closed closed;
    unsigned want, owed;   /* SOCK_*, EVENT_CLOSE */
    struct sock_news news; /* of what is owed */
};

/* In the order in which they are told when several come at once. */
static const struct {
    const char *name;
    unsigned event;
} events[] = {
    {"readable", SOCK_READABLE}, {"writable", SOCK_WRITABLE}, {"accept", SOCK_ACCEPT},
    {"error", SOCK_ERROR},       {"eof", SOCK_EOF},           {"close", EVENT_CLOSE},
};

#define EVENT_COUNT (sizeof events / sizeof events[0])

/* ---- telling ---- */

static void put_detail(struct writer *writer, const struct watch *watch, unsigned event)
{
    if (event == SOCK_ERROR) {
        message_put_details(writer, &(struct message_error){.number = watch->news.error});
    } else if (event == SOCK_READABLE && watch->news.available > 0) {
        writer_map(writer, 1);
        writer_text(writer, "bytes");
        writer_uint(writer, watch->news.available);
    } else {
        writer_map(writer, 0);
    }
}

static void watch_put(struct watch *watch, size_t index)
{
    struct writer *writer = subscription_begin(&watch->base, NOTIFICATION_event, 2);
    writer_text(writer, events[index].name);
    put_detail(writer, watch, events[index].event);
    subscription_must_send(&watch->base);
}

/* Says what is owed, as far as there is room. May free the watch. */
static void watch_pay(struct watch *watch)
{
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        if (!(watch->owed & events[i].event))
            continue;
        if (!subscription_has_room(&watch->base, EVENT_SIZE)) {
            subscription_starve(&watch->base);
            return;
        }
        watch->owed &= ~events[i].event;
        watch_put(watch, i);
        if (events[i].event == EVENT_CLOSE) {
            subscription_free(&watch->base);
            return;
        }
    }
}

static void watch_on_news(struct sock_watch *onlooker, const struct sock_news *news)
{
    struct watch *watch = CONTAINER_OF(onlooker, struct watch, watch);
    watch->owed |= news->events;
    if (news->events & SOCK_ERROR)
        watch->news.error = news->error;
    if (news->events & SOCK_READABLE)
        watch->news.available = news->available;
    watch_pay(watch);
}

static void watch_on_close(struct sock_closed *closed)
{
    struct watch *watch = CONTAINER_OF(closed, struct watch, closed);
    list_unlink(&watch->watch.link);
    if (!(watch->want & EVENT_CLOSE)) {
        subscription_free(&watch->base);
        return;
    }
    watch->owed |= EVENT_CLOSE;
    watch_pay(watch);
}

/* ---- the subscription ---- */

static void watch_release(struct subscription *subscription)
{
    struct watch *watch = CONTAINER_OF(subscription, struct watch, base);
    list_unlink(&watch->watch.link);
    list_unlink(&watch->closed.link);
}

static void watch_refill(struct subscription *subscription)
{
    watch_pay(CONTAINER_OF(subscription, struct watch, base));
}

static const struct subscription_class watch_class = {
    .size = sizeof(struct watch),
    .release = watch_release,
    .refill = watch_refill,
};

static int watch_new(struct rpc_call *call, struct sock *sock, struct watch **out)
{
    struct subscription *subscription;
    int result = subscription_new(call, &watch_class, sock, &subscription);
    if (result < 0)
        return result;
    struct watch *watch = CONTAINER_OF(subscription, struct watch, base);
    list_init(&watch->watch.link);
    watch->watch.fn = watch_on_news;
    list_init(&watch->closed.link);
    watch->closed.fn = watch_on_close;
    result = sock_on_close(sock, &watch->closed);
    if (result < 0)
        subscription_free(&watch->base);
    else
        *out = watch;
    return result;
}

/* ---- names of events ---- */

/* Adds one to the set. False: there is no such event. */
static bool add_event(const char *name, size_t size, unsigned *set)
{
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        if (strlen(events[i].name) == size && memcmp(events[i].name, name, size) == 0) {
            *set |= events[i].event;
            return true;
        }
    }
    return false;
}

/* Names with commas between; "" is none. */
static bool add_events(struct arg_bytes names, unsigned *set)
{
    const char *at = names.data, *end = names.data + names.size;
    if (names.size == 0)
        return true;
    for (const char *comma; (comma = memchr(at, ',', (size_t)(end - at))); at = comma + 1) {
        if (!add_event(at, (size_t)(comma - at), set))
            return false;
    }
    return add_event(at, (size_t)(end - at), set);
}

static bool read_events(const struct arg *arg, unsigned *set)
{
    if (arg->kind == ARG_BYTES)
        return add_events(arg->bytes, set);
    struct view view = arg->list.value;
    uint32_t count = arg->kind == ARG_LIST ? arg->list.count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *name = NULL;
        size_t size = 0;
        if (!view_str(&view, &name, &size) || !add_event(name, size, set))
            return false;
    }
    return true;
}

/* ---- the method ---- */

int method_sockd_watch(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    unsigned set = 0;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    if (!read_events(&args->arg[1], &set))
        return method_bad_symbol(call, -EINVAL, "events",
                                 "readable, writable, accept, eof, error, close");
    struct subscription *old = subscription_find(call->peer, &watch_class, sock_id(sock));
    struct watch *watch = old ? CONTAINER_OF(old, struct watch, base) : NULL;
    if (set == 0) {
        if (watch)
            subscription_free(&watch->base);
        return 0;
    }
    if (!watch)
        result = watch_new(call, sock, &watch);
    if (result < 0)
        return result;
    result = sock_watch_start(sock, &watch->watch, set & ~EVENT_CLOSE);
    if (result < 0) {
        subscription_free(&watch->base);
        return result;
    }
    watch->want = set;
    watch->owed = 0;
    return 0;
}
