/* What calls and clients need of the control server and of each other; see server.h. */
#include "rpc/server.h"

#include "rpc/peer.h"

void rpc_check_drained(struct rpc *rpc)
{
    if (rpc->draining && list_empty(&rpc->peers) && list_empty(&rpc->orphans))
        loop_defer(rpc->loop, &rpc->drain_task);
}

void peer_wake(struct peer *peer)
{
    if (!peer->running)
        loop_defer(peer->rpc->loop, &peer->task);
}

void rpc_stats(const struct rpc *rpc, struct rpc_stats *out)
{
    *out = (struct rpc_stats){
        .clients = quota_total(rpc->quota, QUOTA_CLIENTS),
        .requests = quota_total(rpc->quota, QUOTA_REQUESTS),
        .sockets = quota_total(rpc->quota, QUOTA_SOCKETS),
        .bytes = quota_total(rpc->quota, QUOTA_BYTES),
        .connected = rpc->connected,
        .served = rpc->served,
        .failed = rpc->failed,
        .dropped = rpc->dropped,
        .bad_input = rpc->bad_input,
        .bytes_in = rpc->bytes_in,
        .bytes_out = rpc->bytes_out,
    };
}
