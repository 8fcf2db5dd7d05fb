/* The methods that give a socket its place and its end, and tell its state: sysconnect, bind,
 * listen, shutdown, close, errno, error, nonblock, name, peer. */
#include "net/sock.h"
#include "protocol/errname.h"
#include "rpc/access.h"
#include "rpc/method/method.h"
#include "rpc/method/symbols.h"
#include "rpc/server.h"
#include "util/error.h"

int method_sysconnect(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    struct address address;
    int result = method_sock_and_address(call, args, &sock, &address);
    if (result < 0)
        return result;
    const char *refused = access_to_connect(&call->who, &address);
    if (refused)
        return call_refuse(call, -EPERM, "sysconnect: %s", refused);
    result = method_may_reach(call, &address);
    if (result < 0)
        return result;
    op_connect(&call->op, sock, &address);
    return call_start(call, args->timeout, method_complete);
}

int method_bind(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    struct address address;
    int result = method_sock_and_address(call, args, &sock, &address);
    if (result < 0)
        return result;
    const char *refused = access_to_bind(&call->who, &address);
    if (refused)
        return call_refuse(call, -EPERM, "bind: %s", refused);
    return sock_bind(sock, &address);
}

int method_listen(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    const char *refused = access_to_listen(&call->who, sock_domain(sock), sock_fd(sock));
    if (refused)
        return call_refuse(call, -EPERM, "listen: %s", refused);
    return sock_listen(sock,
                       args->arg[1].kind == ARG_INTEGER ? (int)args->arg[1].integer : SOMAXCONN);
}

int method_shutdown(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    return result < 0 ? result : sock_shutdown(sock, symbol_shutdown(&args->arg[1]));
}

int method_close(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    return result < 0 ? result : sock_close(sock);
}

int method_errno(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result == 0)
        call->answer.integer = sock_errno(sock);
    return result;
}

int method_error(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    int error = sock_errno(sock);
    call->answer.text = error != 0 ? errname_text(error) : NULL;
    return 0;
}

int method_nonblock(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    if (args->arg[1].kind == ARG_BOOLEAN)
        sock_set_nonblock(sock, args->arg[1].boolean);
    call->answer.boolean = sock_nonblock(sock);
    return 0;
}

int method_name(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    call->answer.of = sock;
    return sock_name(sock, &call->answer.address);
}

int method_peer(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    call->answer.of = sock;
    return sock_peer(sock, &call->answer.address);
}
