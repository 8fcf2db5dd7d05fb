/* The method that changes what is said of a socket: sockd.set. */
#include "rpc/method/method.h"
#include "rpc/server.h"

int method_sockd_set(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result == 0)
        result = handles_set(&call->rpc->handles, sock, &call->settings, method_connection(call));
    return result < 0 ? method_explain_handle(call, result) : 0;
}
