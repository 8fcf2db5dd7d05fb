/* A list of sockets in the making; see listing.h. */
#include "rpc/method/listing.h"

#include "net/net.h"
#include "net/sock.h"
#include "rpc/method/describe.h"
#include "rpc/method/filters.h"
#include "rpc/method/method.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/error.h"

/* What one list gets at a time, and all of them in a round of the loop; and after how many sockets
 * the clock is asked. */
#define LISTING_SLICE (LOOP_SECOND / 4000)
#define LISTING_ROUND (LOOP_SECOND / 1000)
#define LISTING_LOOK  8

struct listing {
    struct call_work work;
    struct rpc_call *call;
    struct fair_item queued;
    uint64_t *ids;
    size_t count, next;
    struct filters filters;
    struct writer writer; /* the maps, one after the other */
    uint32_t found;
    size_t charged; /* to the caller: what all that takes */
};

/* ---- what it takes ---- */

static void listing_charge(struct listing *listing, size_t size)
{
    struct quota_user *user = listing->call->peer ? listing->call->peer->user : listing->call->user;
    if (size > listing->charged)
        quota_force(user, QUOTA_BYTES, size - listing->charged);
    else if (size < listing->charged)
        quota_release(user, QUOTA_BYTES, listing->charged - size);
    listing->charged = size;
}

static void listing_free(struct listing *listing)
{
    listing_charge(listing, 0);
    fair_remove(&listing->queued);
    writer_free_heap(&listing->writer);
    free(listing->ids);
    filters_free(&listing->filters);
    free(listing);
}

static struct listing *listing_of(struct call_work *work)
{
    return CONTAINER_OF(work, struct listing, work);
}

static void listing_on_free(struct call_work *work)
{
    listing_free(listing_of(work));
}

static struct listing *listing_new(struct rpc_call *call, struct filters *filters)
{
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing)
        return NULL;
    listing->work.free = listing_on_free;
    listing->call = call;
    fair_item_init(&listing->queued);
    writer_init_heap(&listing->writer, LIMIT_MESSAGE);
    listing->filters = *filters;
    *filters = (struct filters){0};
    if (filters_own(&listing->filters) == 0 &&
        net_ids(call->rpc->net, &listing->ids, &listing->count) == 0)
        return listing;
    listing_free(listing);
    return NULL;
}

/* ---- making it ---- */

static void listing_show(struct listing *listing, uint64_t id)
{
    const struct rpc_call *call = listing->call;
    const struct sock *sock = net_find(call->rpc->net, id);
    if (!sock || !method_may_use(call, sock) || !filters_match(&listing->filters, call->rpc, sock))
        return;
    listing->found++;
    describe(&listing->writer, call->rpc, sock);
}

static bool listing_is_whole(const struct listing *listing)
{
    int64_t most = listing->filters.most;
    return listing->next == listing->count || (most >= 0 && listing->found >= most);
}

/* Charges the caller for what a list takes that is not whole yet. */
static int listing_account(struct listing *listing)
{
    size_t size = listing->writer.capacity + listing->count * sizeof listing->ids[0];
    const struct peer *peer = listing->call->peer;
    if (size > listing->charged && peer &&
        size - listing->charged > quota_left(peer->user, QUOTA_BYTES))
        return call_refuse(listing->call, -EDQUOT,
                           "the answer is larger than what may be held for you");
    listing_charge(listing, size);
    return CALL_PARKED;
}

/* As far as a slice goes. CALL_PARKED: there is more; 0: that is all; or an error. */
static int listing_go_on(struct listing *listing)
{
    uint64_t end = loop_now() + LISTING_SLICE;
    while (!listing_is_whole(listing)) {
        listing_show(listing, listing->ids[listing->next++]);
        if (listing->writer.error < 0)
            return listing->writer.error;
        if (listing->found > LIMIT_ELEMENTS / DESCRIBE_VALUES - 1)
            return -EMSGSIZE;
        if (listing->next % LISTING_LOOK == 0 && loop_now() >= end)
            break;
    }
    return listing_is_whole(listing) ? 0 : listing_account(listing);
}

/* What the list takes is the answer's from now on. */
static int put_listing(struct rpc_call *call, struct writer *writer)
{
    struct listing *listing = listing_of(call->work);
    listing_charge(listing, 0);
    writer_array(writer, listing->found);
    writer_raw(writer, listing->writer.data, listing->writer.size);
    return 0;
}

static void listing_queue(struct listing *listing)
{
    struct listings *listings = &listing->call->rpc->listings;
    fair_push(&listings->queue, &listing->queued, listing->call->who.uid);
    loop_defer(listings->loop, &listings->task);
}

static void listings_on_task(struct loop_task *task)
{
    struct listings *listings = CONTAINER_OF(task, struct listings, task);
    uint64_t end = loop_now() + LISTING_ROUND;
    struct fair_item *item;
    while ((item = fair_pop(&listings->queue)) != NULL) {
        struct listing *listing = CONTAINER_OF(item, struct listing, queued);
        int result = listing_go_on(listing);
        if (result == CALL_PARKED)
            listing_queue(listing);
        else
            call_finish(listing->call, result);
        if (loop_now() >= end)
            break;
    }
    if (!fair_empty(&listings->queue))
        loop_defer(listings->loop, &listings->task);
}

int listing_start(struct rpc_call *call, struct filters *filters)
{
    struct listing *listing = listing_new(call, filters);
    if (!listing)
        return -ENOMEM;
    call->work = &listing->work;
    call->answer.map.put = put_listing;
    int result = listing_go_on(listing);
    if (result == CALL_PARKED) {
        result = call_park(call);
        if (result < 0)
            return result;
        listing_queue(listing);
        return CALL_PARKED;
    }
    return result;
}

/* ---- life ---- */

void listings_init(struct listings *listings, struct loop *loop)
{
    listings->loop = loop;
    fair_init(&listings->queue);
    loop_task_init(&listings->task, listings_on_task);
}

void listings_deinit(struct listings *listings)
{
    loop_defer_cancel(listings->loop, &listings->task);
}
