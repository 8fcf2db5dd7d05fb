/* The methods that make a socket: socket, socketpair, tcp_connect, tcp_server, accept. */
#include "net/sock.h"
#include "net/target.h"
#include "rpc/access.h"
#include "rpc/method/method.h"
#include "rpc/method/symbols.h"
#include "rpc/server.h"
#include "util/error.h"

#include <string.h>

/* What a name could not be given to is refused before anything is made. */
static int check_name(struct rpc_call *call)
{
    const struct arg_bytes *name = &call->settings.name;
    if (name->size > 0 &&
        handles_find(&call->rpc->handles, call->who.uid, name->data, name->size) > 0)
        return method_explain_handle(call, -EEXIST);
    return 0;
}

static void drop(struct sock *sock)
{
    sock_close(sock);
    sock_unref(sock);
}

/* What socket and socketpair are asked to make. */
struct kind {
    int domain, type, protocol;
};

static int take_kind(struct rpc_call *call, const struct args *args, struct kind *out)
{
    out->domain = symbol_domain(&args->arg[0]);
    out->type = symbol_type(&args->arg[1]);
    out->protocol = symbol_protocol(&args->arg[2]);
    if (out->domain < 0)
        return method_bad_symbol(call, out->domain, "domain",
                                 "AF_INET, AF_INET6, AF_UNIX or its like");
    if (out->type < 0)
        return method_bad_symbol(call, out->type, "type", "SOCK_STREAM, SOCK_DGRAM or its like");
    if (out->protocol < 0)
        return method_bad_symbol(call, out->protocol, "protocol", "a protocol's name or number");
    const char *refused = access_to_type(&call->who, out->domain, out->type);
    return refused ? call_refuse(call, -EPERM, "%s: %s", call->method->name, refused) : 0;
}

int method_socket(struct rpc_call *call, const struct args *args)
{
    struct kind kind;
    struct sock *sock;
    int result = take_kind(call, args, &kind);
    if (result == 0)
        result = check_name(call);
    if (result < 0)
        return result;
    result = sock_new(call->rpc->net, kind.domain, kind.type, kind.protocol, call->who.uid, &sock);
    return result < 0 ? result : method_announce(call, sock, NULL);
}

/* Both, or neither. */
int method_socketpair(struct rpc_call *call, const struct args *args)
{
    struct kind kind;
    struct sock *pair[2];
    int result = take_kind(call, args, &kind);
    if (result < 0)
        return result;
    result =
        sock_new_pair(call->rpc->net, kind.domain, kind.type, kind.protocol, call->who.uid, pair);
    if (result < 0)
        return result;
    result = method_announce(call, pair[1], NULL);
    struct sock *second = result == 0 ? pair[1] : NULL;
    if (result == 0)
        result = method_announce(call, pair[0], NULL);
    else
        drop(pair[0]);
    if (result == 0)
        call->answer.made.second = second;
    else if (second)
        drop(second);
    return result;
}

static int made_complete(struct rpc_call *call)
{
    int result = method_looked_up(call);
    if (result < 0)
        return result;
    return method_announce(call, op_take_sock(&call->op), NULL);
}

static int refuse_host(struct rpc_call *call, const struct place *place)
{
    const char *refused = access_to_host(&call->who, place->host);
    return refused ? call_refuse(call, -EPERM, "%s: %s", call->method->name, refused) : 0;
}

/* A place that is no unix path, or none at all, is for the operation to judge. */
static int refuse_path(struct rpc_call *call, const struct place *place)
{
    struct target target;
    struct address address;
    int result = 0;
    if (target_parse(&target, place->host, place->port) < 0)
        return 0;
    if (strcmp(target.host, ADDRESS_UNIX) == 0 &&
        address_parse(&address, AF_UNIX, target.host, target.port) == 0)
        result = method_may_reach(call, &address);
    target_deinit(&target);
    return result;
}

int method_tcp_connect(struct rpc_call *call, const struct args *args)
{
    struct place place;
    int result = method_place(call, &args->arg[0], &args->arg[1], &place);
    if (result == 0 && !place.port && place.host)
        result = method_check_fault(call, target_fault_of_url(place.host));
    if (result == 0)
        result = refuse_host(call, &place);
    if (result == 0)
        result = refuse_path(call, &place);
    if (result == 0)
        result = check_name(call);
    if (result < 0)
        return result;
    op_tcp_connect(&call->op, call->rpc->net, call->who.uid, place.host ? place.host : "0.0.0.0",
                   place.port);
    return method_start_lookup(call, args->timeout, made_complete);
}

/* ---- accept ---- */

static int accept_complete(struct rpc_call *call)
{
    struct op *op = &call->op;
    if (op->status < 0)
        return op->status;
    call->answer.address = *op->made.from;
    struct sock *sock = op_take_sock(op);
    sock_set_owner(sock, call->who.uid); /* who need not be the listener's owner */
    return method_announce(call, sock, op->sock);
}

int method_accept(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result == 0)
        result = check_name(call);
    if (result < 0)
        return result;
    op_accept(&call->op, sock);
    return call_start(call, args->timeout, accept_complete);
}

/* ---- tcp_server ---- */

/* The name of a function: words of letters, digits and _ with dots between them. Anything else is
 * source text. */
static bool is_function_name(const struct arg_bytes *text)
{
    if (text->size > LIMIT_NAME)
        return false;
    bool begins = true;
    for (size_t i = 0; i < text->size; i++) {
        char c = text->data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool digit = c >= '0' && c <= '9';
        if (!letter && (begins || (!digit && c != '.')))
            return false;
        begins = c == '.';
    }
    return !begins;
}

static int check_handler(struct rpc_call *call)
{
    const struct arg_bytes *handler = &call->handler;
    if (!handler->data)
        return 0;
    const char *refused = is_function_name(handler) ? NULL : access_to(&call->who, ACCESS_SOURCE);
    if (refused)
        return call_refuse(call, -EPERM, "tcp_server: handler: %s", refused);
    if (!call->rpc->hooks.serve)
        return call_fail(call, -ENOSYS, "tcp_server: there is no runtime for handlers");
    return 0;
}

static int serve(struct rpc_call *call, struct sock *sock)
{
    struct rpc *rpc = call->rpc;
    struct rpc_reason reason = {.text = ""};
    struct rpc_handler handler = {
        .text = call->handler.data,
        .text_size = call->handler.size,
        .name = call->handler_name.data,
        .name_size = call->handler_name.size,
        .source = !is_function_name(&call->handler),
        .owner = sock_owner(sock),
    };
    if (!call->handler.data)
        return 0;
    int result = rpc->hooks.serve(rpc->hook_context, sock, &handler, &reason);
    if (result == 0)
        return 0;
    call->error.refused = reason.refused;
    return reason.text[0] ? call_fail(call, result, "tcp_server: handler: %s", reason.text)
                          : result;
}

/* The port was a word perhaps, which the resolver reads in its own way. */
static int check_bound(struct rpc_call *call, struct sock *sock)
{
    int result = sock_name(sock, &call->answer.address);
    if (result < 0)
        return result;
    const char *refused = access_to_bind(&call->who, &call->answer.address);
    return refused ? call_refuse(call, -EPERM, "tcp_server: %s", refused) : 0;
}

static int server_complete(struct rpc_call *call)
{
    int result = method_looked_up(call);
    if (result < 0)
        return result;
    struct sock *sock = op_take_sock(&call->op);
    result = check_bound(call, sock);
    if (result == 0)
        result = serve(call, sock);
    if (result == 0)
        return method_announce(call, sock, NULL);
    drop(sock);
    return result;
}

/* Before anything is looked up or bound, as far as it can be told. */
static int check_port(struct rpc_call *call, const struct place *place)
{
    struct address address;
    if (address_parse(&address, AF_INET, "0.0.0.0", place->port) < 0)
        return 0;
    const char *refused = access_to_bind(&call->who, &address);
    return refused ? call_refuse(call, -EPERM, "tcp_server: %s", refused) : 0;
}

int method_tcp_server(struct rpc_call *call, const struct args *args)
{
    struct place place;
    const struct arg *handler = &args->arg[2];
    int result = method_place(call, &args->arg[0], &args->arg[1], &place);
    if (handler->kind == ARG_BYTES) {
        call->handler = handler->bytes;
        call->handler_name = handler->name;
    }
    if (result == 0)
        result = refuse_host(call, &place);
    if (result == 0)
        result = check_port(call, &place);
    if (result == 0)
        result = check_handler(call);
    if (result == 0)
        result = check_name(call);
    if (result < 0)
        return result;
    op_tcp_listen(&call->op, call->rpc->net, call->who.uid, place.host, place.port, 0);
    return method_start_lookup(call, args->timeout, server_complete);
}
