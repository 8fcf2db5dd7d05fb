/* What watches, streams and traces share; see subscription.h. */
#include "rpc/subscription.h"

#include "net/sock.h"
#include "protocol/message.h"
#include "rpc/call.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/error.h"

/* About what a kernel's socket buffer holds, so that it goes out in one send(2): more in the output
 * would only cost memory. */
#define STREAM_WINDOW ((size_t)192 << 10)

/* What a connection may hold although its user's quota is used up, so that none stands still. */
#define OUTPUT_LEAST  ((size_t)4 << 10)

void subscriptions_init(struct subscriptions *subscriptions)
{
    list_init(&subscriptions->all);
    list_init(&subscriptions->starved);
}

void subscriptions_end(struct peer *peer)
{
    for (struct list *link; (link = list_first(&peer->subscriptions.all));)
        subscription_free(CONTAINER_OF(link, struct subscription, link));
    hash_deinit(&peer->subscriptions.by_id);
}

/* ---- life ---- */

int subscription_new(struct rpc_call *call, const struct subscription_class *class,
                     const struct sock *sock, struct subscription **out)
{
    struct peer *peer = call->peer;
    if (peer->hung_up || peer->ending)
        return -ECANCELED;
    if (quota_charge(peer->user, QUOTA_BYTES, class->size) < 0)
        return call_refuse(call, -EDQUOT, "%s: as many bytes are held for you as may be",
                           call->method->name);
    struct subscription *subscription = calloc(1, class->size);
    int result = -ENOMEM;
    if (subscription)
        result =
            hash_add(&peer->subscriptions.by_id, &subscription->node, hash_number(sock_id(sock)));
    if (result < 0) {
        free(subscription);
        quota_release(peer->user, QUOTA_BYTES, class->size);
        return result;
    }
    subscription->class = class;
    subscription->peer = peer;
    subscription->id = sock_id(sock);
    list_init(&subscription->starved);
    list_append(&peer->subscriptions.all, &subscription->link);
    *out = subscription;
    return 0;
}

struct subscription *subscription_find(const struct peer *peer,
                                       const struct subscription_class *class, uint64_t id)
{
    for (struct hash_node *node = hash_first(&peer->subscriptions.by_id, hash_number(id)); node;
         node = hash_next(node)) {
        struct subscription *found = CONTAINER_OF(node, struct subscription, node);
        if (found->id == id && found->class == class)
            return found;
    }
    return NULL;
}

void subscription_free(struct subscription *subscription)
{
    struct peer *peer = subscription->peer;
    size_t size = subscription->class->size;
    subscription->class->release(subscription);
    hash_remove(&peer->subscriptions.by_id, &subscription->node);
    list_unlink(&subscription->link);
    list_unlink(&subscription->starved);
    free(subscription);
    quota_release(peer->user, QUOTA_BYTES, size);
    peer_wake(peer); /* perhaps it was all that a client which says no more waited for */
}

/* ---- room ---- */

static size_t window_of(const struct peer *peer)
{
    size_t most = peer->rpc->config.max_output;
    return most < STREAM_WINDOW ? most : STREAM_WINDOW;
}

/* Half of the window must be free: pieces would become ever smaller otherwise. */
static bool is_calm(const struct peer *peer)
{
    return output_pending(&peer->output) <= window_of(peer) / 2;
}

size_t subscription_window(const struct subscription *subscription)
{
    const struct peer *peer = subscription->peer;
    size_t pending = output_pending(&peer->output);
    if (!is_calm(peer))
        return 0;
    size_t room = window_of(peer) - pending, left = quota_left(peer->user, QUOTA_BYTES);
    if (room > left && room > SUBSCRIPTION_PIECE)
        room = SUBSCRIPTION_PIECE;
    if (room <= left)
        return room;
    return pending == 0 && room > OUTPUT_LEAST ? OUTPUT_LEAST : 0;
}

bool subscription_has_room(const struct subscription *subscription, size_t size)
{
    const struct peer *peer = subscription->peer;
    size_t pending = output_pending(&peer->output);
    bool afforded =
        size <= quota_left(peer->user, QUOTA_BYTES) || (pending == 0 && size <= OUTPUT_LEAST);
    return afforded && pending + size <= peer->rpc->config.max_output;
}

void subscription_starve(struct subscription *subscription)
{
    if (!list_linked(&subscription->starved))
        list_append(&subscription->peer->subscriptions.starved, &subscription->starved);
}

void subscriptions_refill(struct peer *peer)
{
    struct list round = LIST_INIT(round);
    if (list_empty(&peer->subscriptions.starved) || !is_calm(peer))
        return;
    list_splice(&round, &peer->subscriptions.starved);
    for (struct list *link; (link = list_shift(&round));) {
        struct subscription *subscription = CONTAINER_OF(link, struct subscription, starved);
        subscription->class->refill(subscription);
    }
}

/* ---- saying something ---- */

struct writer *subscription_begin(struct subscription *subscription, enum notification_id id,
                                  uint32_t more)
{
    const struct notification *notification = &notifications[id];
    struct writer *writer = output_begin(&subscription->peer->output);
    message_put_notification(writer, notification->name, notification->name_size, 1 + more);
    writer_uint(writer, subscription->id);
    return writer;
}

int subscription_sent(struct subscription *subscription)
{
    int result = output_end(&subscription->peer->output);
    if (result == 0)
        peer_wake(subscription->peer);
    return result;
}

void subscription_must_send(struct subscription *subscription)
{
    struct peer *peer = subscription->peer;
    if (output_end(&peer->output) < 0)
        peer->broken = true;
    peer_wake(peer);
}
