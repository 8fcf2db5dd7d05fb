/*
 * The roof of the control server: its beginning and its end; see rpc.h.
 */
#include "rpc/rpc.h"

#include "net/net.h"
#include "rpc/call.h"
#include "rpc/listener.h"
#include "rpc/method/method.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/error.h"

#include <unistd.h>

#define RPC_REQUESTS      1024
#define RPC_OUTPUT        ((size_t)4 << 20)
#define RPC_STALL_TIMEOUT 60.0
#define RPC_TAKE_TIMEOUT  10.0

static void rpc_on_drain_timer(struct loop_timer *timer);
static void rpc_on_drain_task(struct loop_task *task);

static void rpc_configure(struct rpc *rpc, const struct rpc_config *config)
{
    rpc->config = *config;
    if (!config->version)
        rpc->config.version = "";
    if (config->max_requests == 0)
        rpc->config.max_requests = RPC_REQUESTS;
    if (config->max_output == 0)
        rpc->config.max_output = RPC_OUTPUT;
    if (!(config->stall_timeout > 0))
        rpc->config.stall_timeout = RPC_STALL_TIMEOUT;
    if (!(config->take_timeout > 0))
        rpc->config.take_timeout = RPC_TAKE_TIMEOUT;
}

static int rpc_open_accounts(struct rpc *rpc, const struct rpc_config *config)
{
    rpc->quota = config->accounts;
    return rpc->quota ? 0 : quota_new(&rpc->quota, &config->quota);
}

int rpc_new(struct rpc **out, struct net *net, const struct rpc_config *config,
            const struct rpc_hooks *hooks, void *hook_context)
{
    struct rpc *rpc = calloc(1, sizeof *rpc);
    if (!rpc)
        return -ENOMEM;
    uint8_t *scratch = malloc(2 * (size_t)RPC_SCRATCH);
    int result = scratch ? rpc_open_accounts(rpc, config) : -ENOMEM;
    if (result < 0) {
        free(scratch);
        free(rpc);
        return result;
    }
    rpc->scratch_in = scratch;
    rpc->scratch_out = scratch + RPC_SCRATCH;
    rpc->magic = RPC_MAGIC;
    rpc->net = net;
    rpc->loop = net_loop(net);
    rpc->pool = net_pool(net);
    rpc_configure(rpc, config);
    if (hooks)
        rpc->hooks = *hooks;
    rpc->hook_context = hook_context;
    handles_init(&rpc->handles, rpc->quota, rpc->loop);
    list_init(&rpc->listeners);
    list_init(&rpc->peers);
    rpc->methods = method_table;
    turns_init(&rpc->turns, rpc->loop, peer_take_turn);
    listings_init(&rpc->listings, rpc->loop);
    list_init(&rpc->orphans);
    list_init(&rpc->spare_calls);
    rpc->reserve_fd = -1;
    loop_task_init(&rpc->drain_task, rpc_on_drain_task);
    *out = rpc;
    return 0;
}

int rpc_listen(struct rpc *rpc, int fd)
{
    MAGIC_CHECK(rpc, RPC_MAGIC);
    return listener_new(rpc, fd);
}

void rpc_stop_listening(struct rpc *rpc)
{
    MAGIC_CHECK(rpc, RPC_MAGIC);
    listener_free_all(rpc);
}

/* ---- the end ---- */

static void rpc_cut_off(struct rpc *rpc)
{
    for (struct list *link; (link = list_first(&rpc->peers));)
        peer_free(CONTAINER_OF(link, struct peer, link));
    for (struct list *link; (link = list_first(&rpc->orphans));)
        call_abort(CONTAINER_OF(link, struct rpc_call, link));
}

/* Never called from a peer's own turn, so that all of them may be freed. */
static void rpc_on_drain_timer(struct loop_timer *timer)
{
    struct rpc *rpc = CONTAINER_OF(timer, struct rpc, drain_timer);
    MAGIC_CHECK(rpc, RPC_MAGIC);
    rpc_cut_off(rpc);
    rpc_check_drained(rpc);
}

static void rpc_on_drain_task(struct loop_task *task)
{
    struct rpc *rpc = CONTAINER_OF(task, struct rpc, drain_task);
    MAGIC_CHECK(rpc, RPC_MAGIC);
    loop_timer_stop(rpc->loop, &rpc->drain_timer);
    void (*drained)(void *context) = rpc->drained;
    rpc->drained = NULL;
    if (drained)
        drained(rpc->drained_context);
}

void rpc_drain(struct rpc *rpc, uint64_t deadline, void (*done)(void *context), void *context)
{
    MAGIC_CHECK(rpc, RPC_MAGIC);
    if (!rpc->draining) {
        rpc->draining = true;
        rpc->drained = done;
        rpc->drained_context = context;
        rpc_stop_listening(rpc);
        LIST_FOREACH_SAFE (link, &rpc->peers)
            peer_drain(CONTAINER_OF(link, struct peer, link));
    }
    /* A timer that cannot be had has fired. */
    if (loop_timer_start(rpc->loop, &rpc->drain_timer, deadline, rpc_on_drain_timer) < 0)
        rpc_cut_off(rpc);
    rpc_check_drained(rpc);
}

void rpc_free(struct rpc *rpc)
{
    if (!rpc)
        return;
    MAGIC_CHECK(rpc, RPC_MAGIC);
    rpc_stop_listening(rpc);
    rpc_cut_off(rpc);
    loop_timer_stop(rpc->loop, &rpc->drain_timer);
    loop_defer_cancel(rpc->loop, &rpc->drain_task);
    turns_deinit(&rpc->turns);
    listings_deinit(&rpc->listings);
    handles_deinit(&rpc->handles);
    net_forget_payers(rpc->net);
    call_deinit_spares(rpc);
    if (!rpc->config.accounts)
        quota_free(rpc->quota);
    if (rpc->reserve_fd >= 0)
        close(rpc->reserve_fd);
    free(rpc->api);
    free(rpc->scratch_in); /* and the other behind it */
    rpc->magic = 0;
    free(rpc);
}
