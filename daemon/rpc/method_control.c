/* The methods about the daemon and the connection: sockd.hello, sockd.ping, sockd.api,
 * sockd.cancel, sockd.eval. */
#include "protocol/api.h"
#include "rpc/method.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/error.h"

#include <inttypes.h>

int method_sockd_ping(struct rpc_call *call, const struct args *args)
{
    (void)args;
    call->answer.text = "pong";
    return 0;
}

static int put_api(struct rpc_call *call, struct writer *writer)
{
    (void)call;
    api_put(writer);
    return 0;
}

int method_sockd_api(struct rpc_call *call, const struct args *args)
{
    (void)args;
    call->answer.map.put = put_api;
    return 0;
}

/* ---- hello ---- */

static void put_number(struct writer *writer, const char *key, uint64_t number)
{
    writer_text(writer, key);
    writer_uint(writer, number);
}

static void put_limits(struct rpc_call *call, struct writer *writer)
{
    const struct quota_user *user = call->peer->user;
    writer_map(writer, 8);
    put_number(writer, "message", LIMIT_MESSAGE);
    put_number(writer, "data", LIMIT_DATA);
    put_number(writer, "depth", LIMIT_DEPTH);
    put_number(writer, "elements", LIMIT_ELEMENTS);
    put_number(writer, "requests", call->rpc->config.max_requests);
    put_number(writer, "clients", quota_limit(user, QUOTA_CLIENTS));
    put_number(writer, "sockets", quota_limit(user, QUOTA_SOCKETS));
    put_number(writer, "bytes", quota_limit(user, QUOTA_BYTES));
}

static int put_hello(struct rpc_call *call, struct writer *writer)
{
    writer_map(writer, 5);
    writer_text(writer, "version");
    writer_text(writer, call->rpc->config.version);
    put_number(writer, "level", LIMIT_LEVEL);
    writer_text(writer, "limits");
    put_limits(call, writer);
    put_number(writer, "uid", call->who.uid);
    writer_text(writer, "admin");
    writer_bool(writer, call->who.admin);
    return 0;
}

/* Only for the log, which escapes what must not get there. */
static void remember_name(struct peer *peer, struct view client)
{
    struct view value;
    const char *name;
    size_t size;
    if (!view_find(client, "name", &value) || !view_str(&value, &name, &size))
        return;
    snprintf(peer->client, sizeof peer->client, "%.*s",
             (int)(size < sizeof peer->client ? size : sizeof peer->client), name);
}

int method_sockd_hello(struct rpc_call *call, const struct args *args)
{
    if (args->arg[0].kind == ARG_VALUE)
        remember_name(call->peer, args->arg[0].list.value);
    call->answer.map.put = put_hello;
    return 0;
}

/* ---- requests in flight ---- */

int method_sockd_cancel(struct rpc_call *call, const struct args *args)
{
    int64_t msgid = args->arg[0].integer;
    struct rpc_call *waiting = call_find(call->peer, (uint32_t)msgid);
    if (!waiting)
        return call_fail(call, -ENOENT, "sockd.cancel: no request %" PRId64 " is waiting", msgid);
    call_cancel(waiting, -ECANCELED);
    return 0;
}

/* The arguments become an array of their own. */
int method_sockd_eval(struct rpc_call *call, const struct args *args)
{
    const struct arg *text = &args->arg[0];
    const struct arg *rest = &args->arg[1];
    bool given = rest->kind == ARG_VALUE;
    struct writer arguments;
    if (!call->rpc->hooks.eval)
        return call_fail(call, -ENOSYS, "sockd.eval: there is no runtime for it");
    writer_init_heap(&arguments, LIMIT_MESSAGE);
    writer_array(&arguments, given ? rest->list.count : 0);
    if (given)
        writer_raw(&arguments, rest->list.value.at, view_left(&rest->list.value));
    int result = arguments.error;
    if (result == 0)
        result =
            call_eval(call, text->bytes.data, text->bytes.size, arguments.data, arguments.size);
    writer_free_heap(&arguments);
    return result;
}
