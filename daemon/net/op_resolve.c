/*
 * The operation behind getaddrinfo. A numeric host is answered at once, without a thread.
 */
#include "net/address.h"
#include "net/name/resolver.h"
#include "net/net_private.h"
#include "util/quota.h"

#include <assert.h>
#include <netdb.h>
#include <string.h>

struct resolve {
    struct net *net;
    struct op *op;
    struct lookup *lookup; /* under way */
    bool has_hints;
    int error; /* what is wrong already: known at the start */
    struct addrinfo hints;
    char *host, *service;
};

static void resolve_on_found(void *context, int result, struct addrinfo *list)
{
    struct resolve *resolve = context;
    struct op *op = resolve->op;
    resolve->lookup = NULL;
    op->found.list = list;
    op_complete(op, result);
}

/* Answers what needs no name service. Positive: it does need one. */
static int resolve_numeric(struct op *op, const struct resolve *resolve)
{
    struct addrinfo hints = resolve->hints;
    hints.ai_flags |= AI_NUMERICHOST;
    int code = getaddrinfo(resolve->host, resolve->service, &hints, &op->found.list);
    if (code == EAI_NONAME && resolve->host != NULL && !(resolve->hints.ai_flags & AI_NUMERICHOST))
        return 1;
    if (code == EAI_SYSTEM)
        return -errno;
    return code != 0 ? error_from_eai(code) : 0;
}

static int resolve_begin(struct op *op, struct resolve *resolve)
{
    struct resolver *resolver;
    int error = net_resolver(resolve->net, &resolver);
    if (error < 0)
        return error;
    struct quota_user *payer = op->found.payer;
    error = payer != NULL ? quota_charge(payer, QUOTA_LOOKUPS, 1) : 0;
    if (error < 0)
        return error;
    uint64_t asker = payer != NULL ? quota_user_uid(payer) : LOOKUP_NOBODY;
    error = lookup_start(resolver, asker, resolve->host, resolve->service,
                         resolve->has_hints ? &resolve->hints : NULL, resolve_on_found, resolve,
                         &resolve->lookup);
    if (payer != NULL && error < 0)
        quota_release(payer, QUOTA_LOOKUPS, 1);
    else if (payer != NULL)
        lookup_set_payer(resolve->lookup, payer);
    return error;
}

static int resolve_step(struct op *op)
{
    struct resolve *resolve = op->found.work;
    if (resolve == NULL)
        return op_end(op, -ENOMEM);
    if (resolve->error < 0)
        return op_end(op, resolve->error);
    int result = resolve_numeric(op, resolve);
    if (result <= 0)
        return op_end(op, result);
    result = resolve_begin(op, resolve);
    return result < 0 ? op_end(op, result) : OP_WAIT;
}

static void resolve_free(struct resolve *resolve)
{
    if (resolve == NULL)
        return;
    if (resolve->lookup != NULL)
        lookup_cancel(resolve->lookup);
    free(resolve->host);
    free(resolve->service);
    free(resolve);
}

static void resolve_release(struct op *op)
{
    if (op->found.list != NULL)
        freeaddrinfo(op->found.list);
    op->found.list = NULL;
    resolve_free(op->found.work);
    op->found.work = NULL;
}

static struct net *resolve_net(const struct op *op)
{
    return ((struct resolve *)op->found.work)->net;
}

static const struct op_class resolve_class = {
    .name = "getaddrinfo",
    .queue = OP_QUEUE_NONE,
    .always_waits = true,
    .net = resolve_net,
    .step = resolve_step,
    .release = resolve_release,
};

/* libc reads "+80", "85616" and "" as numbers, and other addresses than sockd does. */
static int resolve_check(const char **host, const char *service, char normal[ADDRESS_HOST_MAX])
{
    if (!address_port_is_right(service))
        return -EINVAL;
    int result = *host != NULL ? address_normalize_host(*host, normal) : 0;
    if (result > 0)
        *host = normal;
    return result < 0 ? result : 0;
}

static struct resolve *resolve_new(struct op *op, struct net *net, const char *host,
                                   const char *service, const struct addrinfo *hints)
{
    struct resolve *resolve = calloc(1, sizeof(*resolve));
    if (resolve == NULL)
        return NULL;
    *resolve = (struct resolve){.net = net, .op = op, .has_hints = hints != NULL};
    char normal[ADDRESS_HOST_MAX];
    resolve->error = resolve_check(&host, service, normal);
    if (hints != NULL)
        resolve->hints = *hints;
    if ((host != NULL && (resolve->host = strdup(host)) == NULL) ||
        (service != NULL && (resolve->service = strdup(service)) == NULL)) {
        resolve_free(resolve);
        return NULL;
    }
    return resolve;
}

void op_resolve(struct op *op, struct net *net, const char *host, const char *service,
                const struct addrinfo *hints)
{
    op_init(op, &resolve_class, NULL);
    op->found.work = resolve_new(op, net, host, service, hints);
}

void op_set_payer(struct op *op, struct quota_user *payer)
{
    static_assert(offsetof(struct op, found.payer) == offsetof(struct op, made.payer),
                  "the payer has one place");
    op->found.payer = payer;
}
