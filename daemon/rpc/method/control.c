/* The methods about the daemon and the connection: sockd.hello, sockd.ping, sockd.api,
 * sockd.cancel, nvim_get_api_info. */
#include "net/net.h"
#include "protocol/api.h"
#include "rpc/access.h"
#include "rpc/method/method.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/error.h"

#include <inttypes.h>
#include <limits.h>

int method_sockd_ping(struct rpc_call *call, const struct args *args)
{
    (void)args;
    call->answer.text = "pong";
    return 0;
}

/* It never changes, and takes a while to write. */
static int make_api(struct rpc *rpc)
{
    struct writer writer;
    if (rpc->api)
        return 0;
    writer_init_heap(&writer, LIMIT_MESSAGE);
    api_put(&writer);
    if (writer.error < 0) {
        writer_free_heap(&writer);
        return writer.error;
    }
    rpc->api = writer.data;
    rpc->api_size = writer.size;
    return 0;
}

static int put_api(struct rpc_call *call, struct writer *writer)
{
    const struct rpc *rpc = call->rpc;
    writer_raw(writer, rpc->api, rpc->api_size);
    return 0;
}

int method_sockd_api(struct rpc_call *call, const struct args *args)
{
    (void)args;
    call->answer.map.put = put_api;
    return make_api(call->rpc);
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
    writer_map(writer, 10);
    put_number(writer, "message", LIMIT_MESSAGE);
    put_number(writer, "data", LIMIT_DATA);
    put_number(writer, "depth", LIMIT_DEPTH);
    put_number(writer, "elements", LIMIT_ELEMENTS);
    put_number(writer, "requests", call->rpc->config.max_requests);
    put_number(writer, "clients", quota_limit(user, QUOTA_CLIENTS));
    put_number(writer, "sockets", quota_limit(user, QUOTA_SOCKETS));
    put_number(writer, "bytes", quota_limit(user, QUOTA_BYTES));
    put_number(writer, "fibers", quota_limit(user, QUOTA_FIBERS));
    put_number(writer, "lookups", quota_limit(user, QUOTA_LOOKUPS));
}

/* What this client may do of what is for administrators, as --allow names it. */
static void put_allowed(const struct identity *who, struct writer *writer)
{
    const char *names[ACCESS_PRIVILEGES];
    size_t count = access_privilege_names(who->admin ? UINT_MAX : who->allowed, names);
    writer_array(writer, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        writer_text(writer, names[i]);
}

static int put_hello(struct rpc_call *call, struct writer *writer)
{
    writer_map(writer, 6);
    writer_text(writer, "version");
    writer_text(writer, call->rpc->config.version);
    put_number(writer, "level", LIMIT_LEVEL);
    writer_text(writer, "limits");
    put_limits(call, writer);
    put_number(writer, "uid", call->who.uid);
    writer_text(writer, "admin");
    writer_bool(writer, call->who.admin);
    writer_text(writer, "allowed");
    put_allowed(&call->who, writer);
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

/* A program that does not look for descriptors would lose those that it is sent. */
static void remember_descriptors(struct peer *peer, struct view client)
{
    struct view value;
    bool said;
    if (view_find(client, "fds", &value) && view_bool(&value, &said))
        peer->takes_descriptors = said;
    if (view_find(client, "confirm", &value) && view_bool(&value, &said))
        peer->confirms_descriptors = said;
}

int method_sockd_hello(struct rpc_call *call, const struct args *args)
{
    if (args->arg[0].kind == ARG_VALUE) {
        remember_name(call->peer, args->arg[0].list.value);
        remember_descriptors(call->peer, args->arg[0].list.value);
    }
    call->answer.map.put = put_hello;
    return 0;
}

/* ---- for clients of Neovim ---- */

/* Libraries look these up to wrap the extension types, of which there are none here. */
static void put_nvim_types(struct writer *writer)
{
    static const char *const names[] = {"Buffer", "Window", "Tabpage"};
    writer_map(writer, 3);
    for (unsigned i = 0; i < 3; i++) {
        writer_text(writer, names[i]);
        writer_map(writer, 1);
        put_number(writer, "id", i);
    }
}

int method_nvim_get_api_info(struct rpc_call *call, const struct args *args)
{
    struct writer writer;
    (void)args;
    writer_init_heap(&writer, LIMIT_MESSAGE);
    writer_array(&writer, 2);
    writer_uint(&writer, 1);
    writer_map(&writer, 4);
    writer_text(&writer, "version");
    writer_map(&writer, 1);
    put_number(&writer, "api_level", 0);
    writer_text(&writer, "functions");
    writer_array(&writer, 0);
    writer_text(&writer, "error_types");
    writer_map(&writer, 0);
    writer_text(&writer, "types");
    put_nvim_types(&writer);
    return method_keep(call, &writer);
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
