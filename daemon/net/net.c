/*
 * The roof of the folder: the beginning and the end of what all sockets share. The registry in
 * which they are found is in registry.c.
 */
#include "net/net_private.h"

#include "net/gather.h"
#include "net/linger.h"
#include "net/name/resolver.h"
#include "util/pool.h"
#include "util/slab.h"

#include <sys/resource.h>

enum {
    NET_FD_RESERVE = 64, /* descriptors for everything but sockets: control clients, scripts; */
    NET_FD_RESERVE_MAX = 1024, /* an eighth of all, within these bounds */
    NET_RESERVE = 32,          /* of so many sockets one is in the reserve */
    NET_RESERVE_MAX = 256,
    NET_MAX_READAHEAD = 16 << 20,
    NET_LOOKUP_THREADS = 4,
};

/* ---- life ---- */

static size_t net_default_max_sockets(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return 1 << 20;
    size_t reserve = limit.rlim_cur / 8;
    if (reserve < NET_FD_RESERVE)
        reserve = NET_FD_RESERVE;
    if (reserve > NET_FD_RESERVE_MAX)
        reserve = NET_FD_RESERVE_MAX;
    return limit.rlim_cur > 2 * reserve ? limit.rlim_cur - reserve : limit.rlim_cur / 2;
}

static void net_configure(struct net *net, const struct net_config *config)
{
    if (config != NULL)
        net->config = *config;
    if (net->config.max_sockets == 0)
        net->config.max_sockets = net_default_max_sockets();
    if (net->config.max_readahead == 0)
        net->config.max_readahead = NET_MAX_READAHEAD;
    if (net->config.lookup_threads == 0)
        net->config.lookup_threads = NET_LOOKUP_THREADS;
    net->reserve = net->config.max_sockets / NET_RESERVE;
    if (net->reserve > NET_RESERVE_MAX)
        net->reserve = NET_RESERVE_MAX;
    net->next_id = net->config.first_id > 0 ? net->config.first_id : 1;
    net->reserved_id = net->next_id - 1;
}

static void net_complete_task(struct loop_task *task);

int net_new(struct net **out, struct loop *loop, const struct net_config *config)
{
    struct net *net = calloc(1, sizeof(*net));
    if (net == NULL)
        return -ENOMEM;
    net->magic = NET_MAGIC;
    net->loop = loop;
    list_init(&net->gathering);
    list_init(&net->spare_gathers);
    list_init(&net->lingerers);
    list_init(&net->starved);
    list_init(&net->due);
    loop_task_init(&net->due_task, sock_serve_due);
    list_init(&net->completed);
    loop_task_init(&net->complete_task, net_complete_task);
    net_configure(net, config);
    int error = net_grow_buckets(net);
    if (error == 0)
        error = pool_new(&net->pool);
    if (error == 0)
        error = slabs_new(&net->slabs);
    if (error < 0) {
        net_free(net);
        return error;
    }
    *out = net;
    return 0;
}

void net_free(struct net *net)
{
    if (net == NULL)
        return;
    MAGIC_CHECK(net, NET_MAGIC);
    net_close_all(net);
    gather_free_spare(net);
    CHECK(net->waiting == 0 && list_empty(&net->completed));
    loop_defer_cancel(net->loop, &net->complete_task);
    loop_defer_cancel(net->loop, &net->due_task);
    resolver_free(net->resolver);
    pool_free(net->pool);
    slabs_free(net->slabs);
    free(net->buckets);
    free(net->by_fd);
    net->magic = 0;
    free(net);
}

int net_resolver(struct net *net, struct resolver **out)
{
    int error = 0;
    if (net->resolver == NULL)
        error = resolver_new(&net->resolver, net->loop, net->config.lookup_threads);
    *out = net->resolver;
    return error;
}

void net_stats(const struct net *net, struct net_stats *out)
{
    *out = (struct net_stats){
        .sockets = net->socket_count,
        .max_sockets = net->config.max_sockets,
        .reserve = net->reserve,
        .refused = net->refused,
        .operations = net->waiting,
        .lookups = net->resolver != NULL ? resolver_busy(net->resolver) : 0,
        .bytes = pool_in_use(net->pool),
        .made = net->made,
        .bytes_in = net->bytes_in,
        .bytes_out = net->bytes_out,
    };
}

/* ---- completed operations ---- */

static void net_complete_task(struct loop_task *task)
{
    struct net *net = CONTAINER_OF(task, struct net, complete_task);
    MAGIC_CHECK(net, NET_MAGIC);
    struct list round = LIST_INIT(round);
    list_splice(&round, &net->completed);
    struct list *node;
    while ((node = list_shift(&round)) != NULL)
        op_deliver(CONTAINER_OF(node, struct op, link));
}

/* ---- all of them ---- */

/* Closing one may close any other, so the chain is walked anew. */
void net_close_listeners(struct net *net)
{
    for (size_t i = 0; i < net->bucket_count; i++) {
        for (struct sock *sock = net->buckets[i]; sock != NULL;) {
            bool listening = sock->listening;
            if (listening)
                sock_close(sock);
            sock = listening ? net->buckets[i] : sock->next_by_id;
        }
    }
}

void net_close_all(struct net *net)
{
    for (size_t i = 0; i < net->bucket_count; i++)
        while (net->buckets[i] != NULL)
            sock_close(net->buckets[i]);
    linger_finish_all(net);
}

void net_forget_payers(struct net *net)
{
    MAGIC_CHECK(net, NET_MAGIC);
    if (net->resolver != NULL)
        resolver_forget_payers(net->resolver);
}
