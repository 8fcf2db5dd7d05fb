/*
 * The operations behind getnameinfo, what an address and its port are called, and behind what is
 * known of a host. Always asked off the loop, since even a name in a file may be far away.
 */
#include "net/name/resolver.h"
#include "net/net_private.h"

#include <netdb.h>
#include <string.h>

struct reverse {
    struct net *net;
    struct op *op;
    struct lookup *lookup; /* under way */
    struct address address;
    int flags;
    char *entry;          /* the host whose entry is asked for, instead of the address */
    char *host, *service; /* found */
};

static void reverse_on_found(void *context, int result, struct addrinfo *list)
{
    (void)list;
    struct reverse *reverse = context;
    const struct lookup *lookup = reverse->lookup;
    reverse->lookup = NULL;
    if (result == 0) {
        const char *host, *service;
        lookup_names(lookup, &host, &service);
        reverse->host = strdup(host);
        reverse->service = strdup(service);
        if (reverse->host == NULL || reverse->service == NULL)
            result = -ENOMEM;
    }
    op_complete(reverse->op, result);
}

static int reverse_start(struct reverse *reverse, struct resolver *resolver)
{
    if (reverse->entry != NULL)
        return lookup_start_entry(resolver, reverse->entry, reverse_on_found, reverse,
                                  &reverse->lookup);
    return lookup_start_reverse(resolver, &reverse->address.any, reverse->address.length,
                                reverse->flags, reverse_on_found, reverse, &reverse->lookup);
}

static int reverse_step(struct op *op)
{
    struct reverse *reverse = op->found.work;
    if (reverse == NULL)
        return op_end(op, -ENOMEM);
    struct resolver *resolver;
    int result = net_resolver(reverse->net, &resolver);
    if (result < 0)
        return op_end(op, result);
    result = reverse_start(reverse, resolver);
    return result < 0 ? op_end(op, result) : OP_WAIT;
}

static void reverse_free(struct reverse *reverse)
{
    if (reverse->lookup != NULL)
        lookup_cancel(reverse->lookup);
    free(reverse->entry);
    free(reverse->host);
    free(reverse->service);
    free(reverse);
}

static void reverse_release(struct op *op)
{
    struct reverse *reverse = op->found.work;
    op->found.work = NULL;
    if (reverse != NULL)
        reverse_free(reverse);
}

static struct net *reverse_net(const struct op *op)
{
    return ((struct reverse *)op->found.work)->net;
}

static const struct op_class reverse_class = {
    .name = "getnameinfo",
    .queue = OP_QUEUE_NONE,
    .always_waits = true,
    .net = reverse_net,
    .step = reverse_step,
    .release = reverse_release,
};

void op_reverse(struct op *op, struct net *net, const struct address *address, int flags)
{
    op_init(op, &reverse_class, NULL);
    struct reverse *reverse = calloc(1, sizeof(*reverse));
    if (reverse != NULL)
        *reverse = (struct reverse){.net = net, .op = op, .address = *address, .flags = flags};
    op->found.work = reverse;
}

void op_host_entry(struct op *op, struct net *net, const char *host)
{
    op_init(op, &reverse_class, NULL);
    struct reverse *reverse = calloc(1, sizeof(*reverse));
    if (reverse != NULL)
        *reverse = (struct reverse){.net = net, .op = op, .entry = strdup(host)};
    if (reverse != NULL && reverse->entry == NULL) {
        reverse_free(reverse);
        reverse = NULL;
    }
    op->found.work = reverse;
}

const char *op_reverse_host(const struct op *op)
{
    return ((const struct reverse *)op->found.work)->host;
}

const char *op_reverse_service(const struct op *op)
{
    return ((const struct reverse *)op->found.work)->service;
}
