/*
 * The registry in which sockets are found by number and by descriptor, which has to do with no
 * other file of the folder.
 */
#include "net/net_private.h"

#include "util/cleanup.h"
#include "util/log.h"
#include "util/table.h"

/* How long nothing more is said of a shortage. */
#define NET_COMPLAINS (60 * LOOP_SECOND)

enum {
    NET_BUCKETS = 64,    /* at first; doubled when there are more sockets than that */
    NET_ID_BLOCK = 4096, /* numbers reserved at once */
};

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

int net_grow_buckets(struct net *net)
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
