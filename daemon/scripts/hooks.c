/* The hooks of the control server, each handed to the file that knows; see hooks.h. */
#include "scripts/hooks.h"

#include "binding/server.h"
#include "binding/tally.h"
#include "rpc/hooks.h"
#include "scripts/eval.h"
#include "scripts/handlers.h"
#include "scripts/load_call.h"
#include "scripts/runtime_private.h"
#include "util/error.h"

static int on_serve(void *context, struct sock *listener, const struct rpc_handler *handler,
                    struct rpc_reason *reason)
{
    return handlers_serve(context, listener, handler, reason);
}

static const char *on_handler_name(void *context, const struct sock *listener)
{
    const struct runtime *runtime = context;
    return server_label(runtime->binding, listener);
}

static int on_run(void *context, struct rpc_call *call, const struct rpc_run *run, void **running,
                  struct rpc_reason *reason)
{
    switch (run->kind) {
    case RPC_RUN_EVAL:
    case RPC_RUN_CALL:
        return call_begin(context, call, run, running, reason);
    case RPC_RUN_LOAD:
    case RPC_RUN_RELOAD:
        return load_call_begin(context, call, run, running, reason);
    }
    return -ENOSYS;
}

static void on_run_cancel(void *context, void *running)
{
    (void)context;
    struct hook_run *run = running;
    run->cancel(run);
}

static void on_stats(void *context, struct rpc_runtime_stats *out)
{
    const struct runtime *runtime = context;
    *out = (struct rpc_runtime_stats){
        .fibers = vm_fibers(runtime->vm),
        .memory = vm_memory(runtime->vm),
        .generation = runtime->generation,
        .handlers = tally_count(runtime->binding),
    };
}

struct telling {
    void (*tell)(void *to, const struct rpc_handler_stats *stats);
    void *to;
};

static void tell_tally(void *context, const struct tally *tally)
{
    const struct telling *telling = context;
    struct rpc_handler_stats stats = {tally->name, tally->connections, tally->ever, tally->failed};
    telling->tell(telling->to, &stats);
}

static void on_each_handler(void *context,
                            void (*tell)(void *to, const struct rpc_handler_stats *stats), void *to)
{
    const struct runtime *runtime = context;
    struct telling telling = {tell, to};
    tally_each(runtime->binding, tell_tally, &telling);
}

const struct rpc_hooks runtime_hooks = {
    .stats = on_stats,
    .each_handler = on_each_handler,
    .serve = on_serve,
    .handler_name = on_handler_name,
    .run = on_run,
    .run_cancel = on_run_cancel,
};
