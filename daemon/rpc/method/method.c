/* What methods share; see method.h. */
#include "rpc/method/method.h"

#include "net/net.h"
#include "net/sock.h"
#include "net/target.h"
#include "rpc/access.h"
#include "rpc/peer.h"
#include "rpc/server.h"
#include "util/error.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

/* ---- handles ---- */

/* Takes "uid:" off a name and puts it into `owner`. False: there is none. */
static bool split_owner(struct arg_bytes *name, uid_t *owner)
{
    uint64_t number = 0;
    size_t digits = 0;
    while (digits < name->size && name->data[digits] >= '0' && name->data[digits] <= '9' &&
           digits <= 10)
        number = number * 10 + (uint64_t)(name->data[digits++] - '0');
    if (digits == 0 || digits == name->size || name->data[digits] != ':' || number > UINT32_MAX)
        return false;
    *owner = (uid_t)number;
    name->data += digits + 1;
    name->size -= digits + 1;
    return true;
}

static int no_such_socket(struct rpc_call *call, const struct arg *arg)
{
    const char *method = call->method->name;
    if (arg->kind == ARG_INTEGER)
        return call_fail(call, -EBADF, "%s: there is no socket %" PRId64, method, arg->integer);
    struct arg_bytes name = arg->bytes;
    uid_t owner;
    split_owner(&name, &owner);
    if (!args_is_name(name.data, name.size))
        return call_fail(call, -EINVAL, "%s: h: expected %s", method,
                         methods_type_expected(METHOD_TYPE_HANDLE));
    return call_fail(call, -EBADF, "%s: there is no socket named %.*s", method, (int)name.size,
                     name.data);
}

static uint64_t find_name(struct rpc_call *call, struct arg_bytes name)
{
    uid_t owner = call->who.uid;
    split_owner(&name, &owner);
    return handles_find(&call->rpc->handles, owner, name.data, name.size);
}

bool method_may_use(const struct rpc_call *call, const struct sock *sock)
{
    const struct identity *who = &call->who;
    return who->admin || sock_owner(sock) == who->uid ||
           (who->member && handles_is_shared(&call->rpc->handles, sock_id(sock)));
}

int method_sock(struct rpc_call *call, const struct arg *arg, struct sock **out)
{
    uint64_t id = arg->kind == ARG_INTEGER ? (uint64_t)arg->integer : find_name(call, arg->bytes);
    struct sock *sock = id > 0 ? net_find(call->rpc->net, id) : NULL;
    if (!sock)
        return no_such_socket(call, arg);
    if (!method_may_use(call, sock))
        return call_refuse(call, -EPERM, "%s: socket %" PRIu64 " belongs to another user",
                           call->method->name, id);
    if (methods_id(call->method) != METHOD_sockd_info) /* to look is not to use */
        sock_touch(sock);
    *out = sock;
    return 0;
}

void method_explain_listener(struct rpc_call *call, const struct sock *sock)
{
    if (sock_is_listener(sock))
        call->error.text = "this socket listens and has no data: accept gives its connections";
}

int method_data_sock(struct rpc_call *call, const struct arg *arg, struct sock **out)
{
    int result = method_sock(call, arg, out);
    if (result == 0)
        method_explain_listener(call, *out);
    return result;
}

/* ---- addresses ---- */

static int bad_place(struct rpc_call *call, int error, const char *argument, const char *why)
{
    return call_fail(call, error, "%s: %s: %s", call->method->name, argument, why);
}

static int copy_text(struct rpc_call *call, const struct arg_bytes *bytes, const char *argument,
                     char *out, size_t size)
{
    if (memchr(bytes->data, 0, bytes->size))
        return bad_place(call, -EINVAL, argument, "a zero byte cannot be part of it");
    if (bytes->size >= size)
        return bad_place(call, -ENOBUFS, argument, "it is too long");
    memcpy(out, bytes->data, bytes->size);
    out[bytes->size] = 0;
    return 0;
}

int method_check_fault(struct rpc_call *call, const char *fault)
{
    return fault ? call_fail(call, -EINVAL, "%s: %s", call->method->name, fault) : 0;
}

int method_place(struct rpc_call *call, const struct arg *host, const struct arg *port,
                 struct place *out)
{
    out->host = host->kind == ARG_BYTES ? out->host_text : NULL;
    out->port = port->kind == ARG_ABSENT ? NULL : out->port_text;
    if (out->host) {
        int result = copy_text(call, &host->bytes, "host", out->host_text, sizeof out->host_text);
        if (result < 0)
            return result;
    }
    if (port->kind == ARG_BYTES) {
        int result = copy_text(call, &port->bytes, "port", out->port_text, sizeof out->port_text);
        if (result < 0)
            return result;
    }
    if (port->kind == ARG_INTEGER)
        snprintf(out->port_text, sizeof out->port_text, "%" PRId64, port->integer);
    return method_check_fault(call, target_fault(out->host, out->port));
}

int method_address(struct rpc_call *call, const struct sock *sock, const struct place *place,
                   struct address *out)
{
    int result = address_parse(out, sock_domain(sock), place->host, place->port);
    if (result == -EINVAL)
        return bad_place(call, result, "host and port", "no address for a socket of this domain");
    return result == -ENOBUFS ? bad_place(call, result, "port", "the path is too long") : result;
}

int method_sock_and_address(struct rpc_call *call, const struct args *args, struct sock **sock,
                            struct address *address)
{
    struct place place;
    int result = method_sock(call, &args->arg[0], sock);
    if (result == 0)
        result = method_place(call, &args->arg[1], &args->arg[2], &place);
    if (result == 0)
        result = method_address(call, *sock, &place, address);
    return result;
}

int method_may_reach(struct rpc_call *call, const struct address *to)
{
    if (net_may_reach(call->rpc->net, to) == 0)
        return 0;
    return call_refuse(call, -EPERM,
                       "%s: the daemon does not connect to control sockets, its own included, nor "
                       "to the service manager's sockets",
                       call->method->name);
}

/* ---- constants ---- */

int method_bad_symbol(struct rpc_call *call, int error, const char *argument, const char *expected)
{
    return call_fail(call, error, "%s: %s: expected %s", call->method->name, argument, expected);
}

int method_bad_flags(struct rpc_call *call)
{
    return call_fail(call, -EINVAL, "%s: flags: expected MSG_ flags of %s(2)", call->method->name,
                     call->method->name);
}

/* ---- look-ups ---- */

int method_start_lookup(struct rpc_call *call, double timeout, call_fn *complete)
{
    op_set_payer(&call->op, call->peer->user);
    return call_start(call, timeout, complete);
}

/* It is refused at once, if at all, so that the client is still there. */
int method_looked_up(struct rpc_call *call)
{
    int status = call->op.status;
    if (status == -EDQUOT && call->peer && quota_left(call->peer->user, QUOTA_LOOKUPS) == 0)
        return call_refuse(call, status, "%s: as many names are being looked up for you as may be",
                           call->method->name);
    return status;
}

/* ---- completions ---- */

int method_complete(struct rpc_call *call)
{
    return call->op.status;
}

int method_written(struct rpc_call *call)
{
    struct op *op = &call->op;
    if (op->status < 0) {
        call_set_sent(call);
        return op->status;
    }
    call->answer.integer = (int64_t)op->out.sent;
    return 0;
}

/* The bytes stay where they are until they are in the answer, and longer if they do not fit. */
int method_was_read(struct rpc_call *call)
{
    struct op *op = &call->op;
    if (op->status < 0)
        return op->status;
    if (op->in.length > LIMIT_DATA)
        return call_fail(call, -EMSGSIZE, "%s: more bytes than one message carries",
                         call->method->name);
    call->answer.bytes.data = op->in.data;
    call->answer.bytes.length = op->in.length;
    call->answer.bytes.eof = op->eof;
    call->answer.bytes.consumed = !(op->in.flags & MSG_PEEK);
    return 0;
}

int method_keep(struct rpc_call *call, struct writer *writer)
{
    int error = writer->error;
    if (error < 0) {
        writer_free_heap(writer);
        return error;
    }
    call->strings = writer->data;
    call->answer.value.data = writer->data;
    call->answer.value.size = writer->size;
    return 0;
}

struct list *method_connection(const struct rpc_call *call)
{
    return call->peer ? &call->peer->tied : NULL;
}

int method_explain_handle(struct rpc_call *call, int error)
{
    const struct arg_bytes *name = &call->settings.name;
    if (error == -EEXIST)
        return call_fail(call, error, "%s: there is a socket named %.*s already",
                         call->method->name, (int)name->size, name->data);
    if (error == -EDQUOT)
        return call_refuse(call, error, "%s: you have as many sockets as you may",
                           call->method->name);
    return error;
}

int method_announce(struct rpc_call *call, struct sock *sock, struct sock *listener)
{
    struct handles *handles = &call->rpc->handles;
    int result = handles_add(handles, sock, &call->settings, method_connection(call));
    if (result == 0) {
        call->answer.made.sock = sock;
        call->answer.made.second = NULL;
        call->answer.made.listener = listener ? sock_id(listener) : 0;
        return 0;
    }
    if (listener && sock_is_open(listener)) {
        sock_unaccept(listener, sock);
    } else {
        sock_close(sock);
        sock_unref(sock);
    }
    return method_explain_handle(call, result);
}
