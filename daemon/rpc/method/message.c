/* The methods that send and receive messages with addresses: sendto, recvfrom. */
#include "net/sock.h"
#include "rpc/access.h"
#include "rpc/method/method.h"
#include "rpc/method/symbols.h"
#include "util/error.h"

int method_sendto(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    struct address to;
    const struct arg_bytes *data = &args->arg[3].bytes;
    int result = method_sock_and_address(call, args, &sock, &to);
    if (result < 0)
        return result;
    const char *refused = access_to_connect(&call->who, &to);
    if (refused)
        return call_refuse(call, -EPERM, "sendto: %s", refused);
    result = method_may_reach(call, &to);
    if (result < 0)
        return result;
    int flags = symbol_flags(&args->arg[4]);
    if (flags < 0)
        return method_bad_flags(call);
    method_explain_listener(call, sock);
    op_sendto(&call->op, sock, &to, data->data, data->size, flags);
    return call_start(call, args->timeout, method_written);
}

static int recvfrom_complete(struct rpc_call *call)
{
    const struct address *from = op_sender(&call->op);
    int result = method_was_read(call);
    call->answer.address = result == 0 && from ? *from : (struct address){.length = 0};
    return result;
}

/* A message has left the kernel when it is seen, so it cannot be given back to anybody when its
 * client is gone; the bytes of a stream can. */
int method_recvfrom(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_data_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    const struct arg *limit = &args->arg[1];
    int flags = symbol_flags(&args->arg[2]);
    if (flags < 0)
        return method_bad_flags(call);
    op_recv(&call->op, sock, limit->kind == ARG_INTEGER ? (size_t)limit->integer : OP_RECV_ANY,
            flags);
    return call_start(call, args->timeout, recvfrom_complete);
}
