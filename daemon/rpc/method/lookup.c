/* The method that looks up names: getaddrinfo. */
#include "rpc/method/method.h"
#include "rpc/method/symbols.h"
#include "rpc/server.h"
#include "util/error.h"

#include <netdb.h>
#include <sys/socket.h>

static int take_hints(struct rpc_call *call, const struct args *args, struct addrinfo *out)
{
    const struct arg *type = &args->arg[3], *family = &args->arg[4];
    *out = (struct addrinfo){
        .ai_socktype = type->kind == ARG_ABSENT ? 0 : symbol_type(type),
        .ai_family = family->kind == ARG_ABSENT ? AF_UNSPEC : symbol_domain(family),
        .ai_protocol = symbol_protocol(&args->arg[5]),
        .ai_flags = symbol_lookup_flags(&args->arg[6]),
    };
    if (out->ai_socktype < 0)
        return method_bad_symbol(call, -EINVAL, "type", "SOCK_STREAM, SOCK_DGRAM or its like");
    if (out->ai_family < 0)
        return method_bad_symbol(call, -EINVAL, "family", "AF_INET, AF_INET6 or its like");
    if (out->ai_protocol < 0)
        return method_bad_symbol(call, -EPROTOTYPE, "protocol", "a protocol's name or number");
    if (out->ai_flags < 0)
        return method_bad_symbol(call, -EINVAL, "flags", "AI_ flags of getaddrinfo(3)");
    return 0;
}

static void put_found(struct writer *writer, const struct addrinfo *found)
{
    struct address address;
    const struct purpose purpose = {
        .type = found->ai_socktype,
        .protocol = found->ai_protocol,
        .canonname = found->ai_canonname,
    };
    address_set(&address, found->ai_addr, found->ai_addrlen);
    answer_put_address(writer, &address, &purpose);
}

static int put_list(struct rpc_call *call, struct writer *writer)
{
    uint32_t count = 0;
    for (const struct addrinfo *at = call->op.found.list; at; at = at->ai_next)
        count++;
    writer_array(writer, count);
    for (const struct addrinfo *at = call->op.found.list; at; at = at->ai_next)
        put_found(writer, at);
    return 0;
}

static int found_complete(struct rpc_call *call)
{
    call->answer.map.put = put_list;
    return method_looked_up(call);
}

int method_getaddrinfo(struct rpc_call *call, const struct args *args)
{
    struct place place;
    struct addrinfo hints;
    int result = method_place(call, &args->arg[0], &args->arg[1], &place);
    if (result == 0)
        result = take_hints(call, args, &hints);
    if (result < 0)
        return result;
    op_resolve(&call->op, call->rpc->net, place.host, place.port, &hints);
    return method_start_lookup(call, args->timeout, found_complete);
}
