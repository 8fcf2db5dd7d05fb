/* The methods that show sockets: sockd.list and sockd.info. */
#include "net/sock.h"
#include "rpc/method/describe.h"
#include "rpc/method/filters.h"
#include "rpc/method/listing.h"
#include "rpc/method/method.h"

/* ---- sockd.info ---- */

static int put_one(struct rpc_call *call, struct writer *writer)
{
    describe(writer, call->rpc, call->answer.map.of);
    return 0;
}

int method_sockd_info(struct rpc_call *call, const struct args *args)
{
    struct sock *sock;
    int result = method_sock(call, &args->arg[0], &sock);
    if (result < 0)
        return result;
    call->answer.map.put = put_one;
    call->answer.map.of = sock;
    return 0;
}

/* ---- sockd.list ---- */

int method_sockd_list(struct rpc_call *call, const struct args *args)
{
    struct filters filters;
    struct view view = args->arg[0].kind == ARG_VALUE ? args->arg[0].list.value : view_of("", 0);
    int result = filters_read(call, view, &filters);
    return result == 0 ? listing_start(call, &filters) : result;
}
