/* The methods that have the runtime do something for as long as that takes: sockd.eval,
 * sockd.call, sockd.load, sockd.reload. */
#include "rpc/hooks.h"
#include "rpc/method/method.h"
#include "rpc/server.h"
#include "util/error.h"

/* The arguments become an array of their own. */
static void pack_arguments(struct writer *writer, const struct arg *rest)
{
    bool given = rest->kind == ARG_VALUE;
    writer_array(writer, given ? rest->list.count : 0);
    if (given)
        writer_raw(writer, rest->list.value.at, view_left(&rest->list.value));
}

static int run(struct rpc_call *call, const struct rpc_run *what)
{
    if (!call->rpc->hooks.run)
        return call_fail(call, -ENOSYS, "%s: there is no runtime for it", call->method->name);
    return call_run(call, what);
}

static int run_code(struct rpc_call *call, enum rpc_run_kind kind, const struct args *args)
{
    const struct arg *text = &args->arg[0];
    struct writer arguments;
    writer_init_heap(&arguments, LIMIT_MESSAGE);
    pack_arguments(&arguments, &args->arg[1]);
    int result = arguments.error;
    struct rpc_run what = {
        .kind = kind,
        .text = text->bytes.data,
        .text_size = text->bytes.size,
        .arguments = arguments.data,
        .arguments_size = arguments.size,
        .owner = call->who.uid,
    };
    if (result == 0)
        result = run(call, &what);
    writer_free_heap(&arguments);
    return result;
}

int method_sockd_eval(struct rpc_call *call, const struct args *args)
{
    return run_code(call, RPC_RUN_EVAL, args);
}

int method_sockd_call(struct rpc_call *call, const struct args *args)
{
    return run_code(call, RPC_RUN_CALL, args);
}

int method_sockd_load(struct rpc_call *call, const struct args *args)
{
    struct rpc_run what = {
        .kind = RPC_RUN_LOAD,
        .text = args->arg[0].bytes.data,
        .text_size = args->arg[0].bytes.size,
        .owner = call->who.uid,
    };
    return run(call, &what);
}

int method_sockd_reload(struct rpc_call *call, const struct args *args)
{
    struct rpc_run what = {.kind = RPC_RUN_RELOAD, .owner = call->who.uid};
    (void)args;
    return run(call, &what);
}
