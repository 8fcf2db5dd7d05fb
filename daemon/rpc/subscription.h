/*
 * What a connection has asked to be told of its own accord: watches, streams and traces.
 *
 * A subscription belongs to one connection and one socket; each connection may have one of each
 * kind on a socket. It ends with either, or when it is taken back. Its memory is charged to the
 * user like other bytes; what it has to say goes into the connection's output, and when there is
 * no room it waits in a list until the client has read.
 */
#pragma once

#include "protocol/notifications.h"
#include "util/hash.h"
#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;
struct rpc_call;
struct sock;
struct subscription;
struct writer;

/* Notifications carry at most so many bytes of data: head and data fit a block of a power of two.
 */
#define SUBSCRIPTION_PIECE ((size_t)(64 << 10) - 64)

struct subscription_class {
    size_t size; /* of the object, which begins with a struct subscription */

    /* Takes it off its socket, which may be closed. */
    void (*release)(struct subscription *subscription);

    /* There is room in the output again. May end the subscription itself, but no other. */
    void (*refill)(struct subscription *subscription);
};

struct subscription {
    const struct subscription_class *class;
    struct peer *peer;
    uint64_t id;           /* of the socket */
    struct hash_node node; /* in its peer's */
    struct list link;      /* among its peer's */
    struct list starved;   /* among those that wait for room */
};

/* Those of a peer. */
struct subscriptions {
    struct hash by_id;
    struct list all, starved;
};

void subscriptions_init(struct subscriptions *subscriptions);

/* Ends all; what they have put into the output stays there. */
void subscriptions_end(struct peer *peer);

static inline bool subscriptions_any(const struct subscriptions *subscriptions)
{
    return !list_empty(&subscriptions->all);
}

/* Lets those go on that wait for room, if there is some. */
void subscriptions_refill(struct peer *peer);

/* ---- for the kinds ---- */

/* A zeroed one of this class for the call's connection, which has none on that socket yet. -EDQUOT,
 * -ENOMEM, with the call's sentence; -ECANCELED if the client is gone already. */
int subscription_new(struct rpc_call *call, const struct subscription_class *class,
                     const struct sock *sock, struct subscription **out);

/* NULL: there is none. */
struct subscription *subscription_find(const struct peer *peer,
                                       const struct subscription_class *class, uint64_t id);

void subscription_free(struct subscription *subscription);

/* How many bytes of a stream may be put into the output now: it is kept short, for the sake of
 * memory and of others that share it. */
size_t subscription_window(const struct subscription *subscription);

/* Whether this much more keeps within what the output, and the user, may hold. */
bool subscription_has_room(const struct subscription *subscription, size_t size);

/* Has `refill` called when there is room again. */
void subscription_starve(struct subscription *subscription);

/* Writes a notification: all but the parameters behind the socket's number, `more` of them, which
 * the caller writes before subscription_sent. That fails with what output_end says. */
struct writer *subscription_begin(struct subscription *subscription, enum notification_id id,
                                  uint32_t more);
int subscription_sent(struct subscription *subscription);

/* For those that cannot be put off: a client that cannot be told is cut off. */
void subscription_must_send(struct subscription *subscription);
