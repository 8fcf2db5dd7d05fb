/* sockd.stats: what the daemon holds and has done. */
#include "net/net.h"
#include "rpc/method/method.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/log.h"

/* {clients: [used, limit], …} */
static void put_quotas(struct writer *writer, const struct quota_user *user)
{
    writer_text(writer, "quotas");
    writer_map(writer, QUOTA_KINDS);
    for (int kind = 0; kind < QUOTA_KINDS; kind++) {
        writer_text(writer, quota_kind_name((enum quota_kind)kind));
        writer_array(writer, 2);
        writer_uint(writer, quota_used(user, (enum quota_kind)kind));
        writer_uint(writer, quota_limit(user, (enum quota_kind)kind));
    }
}

static void put_numbers(struct writer *writer, const struct rpc *server,
                        const struct rpc_runtime_stats *runtime)
{
    struct net_stats net;
    struct rpc_stats rpc;
    struct log_stats log;
    net_stats(server->net, &net);
    rpc_stats(server, &rpc);
    log_stats(&log);
    const struct {
        const char *name;
        uint64_t number;
    } numbers[] = {
        {"clients", rpc.clients},
        {"requests", rpc.requests},
        {"sockets", net.sockets},
        {"max_sockets", net.max_sockets},
        {"operations", net.operations},
        {"lookups", net.lookups},
        {"fibers", runtime->fibers},
        {"lua_memory", runtime->memory},
        {"bytes", net.bytes},
        {"clients_ever", rpc.connected},
        {"sockets_ever", net.made},
        {"served", rpc.served},
        {"failed", rpc.failed},
        {"dropped", rpc.dropped},
        {"bad_input", rpc.bad_input},
        {"bytes_in", net.bytes_in},
        {"bytes_out", net.bytes_out},
        {"generation", runtime->generation},
        {"log_suppressed", log.suppressed},
        {"log_dropped", log.dropped},
        {"refused", net.refused},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        writer_text(writer, numbers[i].name);
        writer_uint(writer, numbers[i].number);
    }
}

enum { NUMBERS = 21, TIMES = 3, MAPS = 2 };

static void put_times(struct writer *writer, const struct loop *loop)
{
    struct loop_stats stats;
    loop_stats(loop, &stats);
    writer_text(writer, "loop_lag");
    writer_double(writer, (double)stats.lag / (double)LOOP_SECOND);
    writer_text(writer, "loop_slow");
    writer_uint(writer, stats.slow);
    writer_text(writer, "loop_busy");
    writer_double(writer, (double)stats.busy / (double)LOOP_SECOND);
}

static void put_handler(void *context, const struct rpc_handler_stats *stats)
{
    struct writer *writer = context;
    writer_outside(writer, stats->name);
    writer_map(writer, 3);
    writer_text(writer, "connections");
    writer_uint(writer, stats->connections);
    writer_text(writer, "connections_ever");
    writer_uint(writer, stats->ever);
    writer_text(writer, "failed");
    writer_uint(writer, stats->failed);
}

static int put_stats(struct rpc_call *call, struct writer *writer)
{
    const struct rpc *rpc = call->rpc;
    struct rpc_runtime_stats runtime = {0};
    if (rpc->hooks.stats)
        rpc->hooks.stats(rpc->hook_context, &runtime);
    writer_map(writer, NUMBERS + TIMES + MAPS);
    put_numbers(writer, rpc, &runtime);
    put_times(writer, rpc->loop);
    put_quotas(writer, call->peer->user);
    writer_text(writer, "handlers");
    writer_map(writer, (uint32_t)runtime.handlers);
    if (runtime.handlers > 0)
        rpc->hooks.each_handler(rpc->hook_context, put_handler, writer);
    return 0;
}

int method_sockd_stats(struct rpc_call *call, const struct args *args)
{
    (void)args;
    call->answer.map.put = put_stats;
    return 0;
}
