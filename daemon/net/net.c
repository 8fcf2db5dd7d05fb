/*
 * What all sockets share, and the registry in which they are found by number and by descriptor.
 */
#include "net/net_private.h"

#include "net/gather.h"
#include "net/linger.h"
#include "net/name/resolver.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/pool.h"
#include "util/slab.h"
#include "util/table.h"

#include <sys/resource.h>

/* How long nothing more is said of a shortage. */
#define NET_COMPLAINS (60 * LOOP_SECOND)

enum {
    NET_MAGIC = 0x6e657421,
    NET_BUCKETS = 64,    /* at first; doubled when there are more sockets than that */
    NET_FD_RESERVE = 64, /* descriptors for everything but sockets: control clients, scripts; */
    NET_FD_RESERVE_MAX = 1024, /* an eighth of all, within these bounds */
    NET_RESERVE = 32,          /* of so many sockets one is in the reserve */
    NET_RESERVE_MAX = 256,
    NET_ID_BLOCK = 4096, /* numbers reserved at once */
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

static int net_grow_buckets(struct net *net);

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

struct loop *net_loop(const struct net *net)
{
    return net->loop;
}

struct pool *net_pool(const struct net *net)
{
    return net->pool;
}

struct slabs *net_slabs(const struct net *net)
{
    return net->slabs;
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

/* ---- the registry ---- */

static struct sock **net_bucket(const struct net *net, uint64_t id)
{
    return &net->buckets[id & (net->bucket_count - 1)];
}

static void net_chain(struct net *net, struct sock *sock)
{
    struct sock **bucket = net_bucket(net, sock->id);
    sock->next_by_id = *bucket;
    *bucket = sock;
}

static void net_unchain(struct net *net, struct sock *sock)
{
    struct sock **link = net_bucket(net, sock->id);
    while (*link != sock)
        link = &(*link)->next_by_id;
    *link = sock->next_by_id;
}

static void net_chain_all(struct net *net, struct sock *chain)
{
    while (chain != NULL) {
        struct sock *sock = chain;
        chain = sock->next_by_id;
        net_chain(net, sock);
    }
}

static int net_grow_buckets(struct net *net)
{
    size_t count = net->bucket_count > 0 ? net->bucket_count * 2 : NET_BUCKETS;
    struct sock **buckets = calloc(count, sizeof(struct sock *));
    if (buckets == NULL)
        return -ENOMEM;
    struct sock **old = net->buckets;
    size_t old_count = net->bucket_count;
    net->buckets = buckets;
    net->bucket_count = count;
    for (size_t i = 0; i < old_count; i++)
        net_chain_all(net, old[i]);
    free(old);
    return 0;
}

static int net_grow_fds(struct net *net, int fd)
{
    size_t count = net->by_fd_count > 0 ? net->by_fd_count : NET_BUCKETS;
    while (count <= (size_t)fd)
        count *= 2;
    struct sock **by_fd = table_grow(net->by_fd, net->by_fd_count, count, sizeof(struct sock *));
    if (by_fd == NULL)
        return -ENOMEM;
    net->by_fd = by_fd;
    net->by_fd_count = count;
    return 0;
}

/* Sees to it that `next_id` may be given. */
static int net_reserve_ids(struct net *net)
{
    if (net->next_id <= net->reserved_id)
        return 0;
    uint64_t last = net->next_id + NET_ID_BLOCK - 1;
    int error = 0;
    if (net->config.reserve_ids != NULL)
        error = net->config.reserve_ids(net->config.context, last);
    if (error == 0)
        net->reserved_id = last;
    return error;
}

static bool net_may_use_reserve(const struct net *net, uid_t owner)
{
    if (net->config.may_use_reserve == NULL)
        return true;
    return owner != NET_ACCEPTS && net->config.may_use_reserve(net->config.reserve_context, owner);
}

int net_admit(struct net *net, unsigned count, uid_t owner)
{
    size_t after = net->socket_count + net->lingering + count;
    size_t most = net->config.max_sockets;
    if (after + net->reserve <= most || (after <= most && net_may_use_reserve(net, owner)))
        return 0;
    return net_note_shortage(net, -EMFILE);
}

/* The log's own rate would say it as often as somebody tries. */
int net_note_shortage(struct net *net, int error)
{
    uint64_t now = loop_now();
    if (error != -EMFILE && error != -ENFILE)
        return error;
    net->refused++;
    if (net->complained > 0 && now - net->complained < NET_COMPLAINS)
        return error;
    net->complained = now;
    log_write(
        LOG_WARN,
        "no socket is left to give: %zu are open, %zu may be, %zu of them for administrators; "
        "%llu were refused so far",
        net->socket_count, net->config.max_sockets, net->reserve, (unsigned long long)net->refused);
    return error;
}

int net_register(struct net *net, struct sock *sock)
{
    int error = net_reserve_ids(net);
    if (error == 0 && (size_t)sock->fd >= net->by_fd_count)
        error = net_grow_fds(net, sock->fd);
    if (error < 0)
        return error;
    if (net->socket_count >= net->bucket_count)
        (void)net_grow_buckets(net); /* without memory the chains get longer, no more */
    sock->id = net->next_id++;
    net_chain(net, sock);
    net->by_fd[sock->fd] = sock;
    net->socket_count++;
    net->made++;
    return 0;
}

void net_unregister(struct net *net, struct sock *sock)
{
    net_unchain(net, sock);
    net->by_fd[sock->fd] = NULL;
    net->socket_count--;
    net_feed(net);
}

void net_feed(struct net *net)
{
    struct list *first = list_shift(&net->starved);
    if (first != NULL)
        loop_defer(net->loop, &CONTAINER_OF(first, struct net_starved, link)->task);
}

void net_reinstate(struct net *net, struct sock *sock)
{
    net_chain(net, sock);
    net->by_fd[sock->fd] = sock;
    net->socket_count++;
}

void net_starve(struct net *net, struct net_starved *starved)
{
    if (!list_linked(&starved->link))
        list_append(&net->starved, &starved->link);
}

struct sock *net_find(const struct net *net, uint64_t id)
{
    MAGIC_CHECK(net, NET_MAGIC);
    struct sock *sock = *net_bucket(net, id);
    while (sock != NULL && sock->id != id)
        sock = sock->next_by_id;
    return sock;
}

struct sock *net_find_fd(const struct net *net, int fd)
{
    return fd >= 0 && (size_t)fd < net->by_fd_count ? net->by_fd[fd] : NULL;
}

/* ---- all of them ---- */

static void net_list_ids(const struct net *net, uint64_t *ids)
{
    for (size_t i = 0; i < net->bucket_count; i++)
        for (const struct sock *sock = net->buckets[i]; sock != NULL; sock = sock->next_by_id)
            *ids++ = sock->id;
}

/* One pass of a sort by digits, which a hundred thousand numbers need in a millisecond: a
 * comparison of two costs more than it looks. */
static void net_sort_pass(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
    size_t at[256] = {0}, before = 0;
    for (size_t i = 0; i < count; i++)
        at[from[i] >> shift & 255]++;
    for (size_t digit = 0; digit < 256; digit++) {
        size_t here = at[digit];
        at[digit] = before;
        before += here;
    }
    for (size_t i = 0; i < count; i++)
        to[at[from[i] >> shift & 255]++] = from[i];
}

int net_ids(const struct net *net, uint64_t **ids, size_t *count)
{
    *count = net->socket_count;
    CLEANUP(freep) uint64_t *from = calloc(*count + 1, sizeof(*from));
    CLEANUP(freep) uint64_t *to = calloc(*count + 1, sizeof(*to));
    if (from == NULL || to == NULL)
        return -ENOMEM;
    net_list_ids(net, from);
    for (unsigned shift = 0; shift < 64 && net->next_id >> shift > 0; shift += 8) {
        net_sort_pass(from, to, *count, shift);
        uint64_t *sorted = to;
        to = from;
        from = sorted;
    }
    *ids = STEAL(from);
    return 0;
}

int net_each(struct net *net, void (*fn)(void *context, struct sock *sock), void *context)
{
    CLEANUP(freep) uint64_t *ids = NULL;
    size_t count;
    int error = net_ids(net, &ids, &count);
    for (size_t i = 0; error == 0 && i < count; i++) {
        struct sock *sock = net_find(net, ids[i]);
        if (sock != NULL) /* nobody has closed it meanwhile */
            fn(context, sock);
    }
    return error;
}

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

void net_flush(struct net *net)
{
    if (!list_empty(&net->gathering))
        net_flush_all(net);
}
