/* The accounts of users; see quota.h. There are few users, and most charges are by peers that keep
 * a reference to their account, so looking one up may cost something. */
#include "util/quota.h"

#include "util/error.h"
#include "util/hash.h"

#include <string.h>
#include <unistd.h>

struct quota {
    struct hash users;
    struct quota_limits limits;
    size_t total[QUOTA_KINDS];
};

struct quota_user {
    struct hash_node node;
    struct quota *quota;
    uid_t uid;
    bool trusted;
    size_t references;
    size_t most[QUOTA_KINDS];
    size_t used[QUOTA_KINDS];
    struct list waiters[QUOTA_KINDS];
};

static const struct {
    const char *name;
    size_t most;
} kinds[QUOTA_KINDS] = {
    [QUOTA_CLIENTS] = {"clients", 512},     [QUOTA_SOCKETS] = {"sockets", 65536},
    [QUOTA_REQUESTS] = {"requests", 16384}, [QUOTA_BYTES] = {"bytes", (size_t)256 << 20},
    [QUOTA_FIBERS] = {"fibers", 262144},    [QUOTA_LOOKUPS] = {"lookups", 1024},
};

int quota_new(struct quota **out, const struct quota_limits *limits)
{
    struct quota *quota = calloc(1, sizeof *quota);
    if (!quota)
        return -ENOMEM;
    for (int kind = 0; kind < QUOTA_KINDS; kind++) {
        size_t most = limits->most[kind];
        quota->limits.most[kind] = most > 0 ? most : kinds[kind].most;
    }
    *out = quota;
    return 0;
}

void quota_free(struct quota *quota)
{
    if (!quota)
        return;
    CHECK(quota->users.count == 0);
    hash_deinit(&quota->users);
    free(quota);
}

static struct quota_user *quota_find(const struct quota *quota, uid_t uid)
{
    struct hash_node *node = hash_first(&quota->users, hash_number(uid));
    while (node && CONTAINER_OF(node, struct quota_user, node)->uid != uid)
        node = hash_next(node);
    return node ? CONTAINER_OF(node, struct quota_user, node) : NULL;
}

static struct quota_user *quota_user_new(struct quota *quota, uid_t uid)
{
    struct quota_user *user = calloc(1, sizeof *user);
    if (!user || hash_add(&quota->users, &user->node, hash_number(uid)) < 0) {
        free(user);
        return NULL;
    }
    user->quota = quota;
    user->uid = uid;
    for (int kind = 0; kind < QUOTA_KINDS; kind++) {
        list_init(&user->waiters[kind]);
        size_t most = quota->limits.most[kind];
        user->most[kind] = uid == 0 ? most + most / 4 + QUOTA_ROOT_RESERVE : most;
    }
    return user;
}

struct quota_user *quota_user_get(struct quota *quota, uid_t uid)
{
    struct quota_user *user = quota_find(quota, uid);
    if (!user)
        user = quota_user_new(quota, uid);
    return user ? quota_user_ref(user) : NULL;
}

struct quota_user *quota_user_ref(struct quota_user *user)
{
    user->references++;
    return user;
}

void quota_user_put(struct quota_user *user)
{
    if (!user || --user->references > 0)
        return;
    for (int kind = 0; kind < QUOTA_KINDS; kind++)
        CHECK(user->used[kind] == 0 && list_empty(&user->waiters[kind]));
    hash_remove(&user->quota->users, &user->node);
    free(user);
}

uid_t quota_user_uid(const struct quota_user *user)
{
    return user->uid;
}

void quota_user_trust(struct quota_user *user)
{
    user->trusted = true;
}

bool quota_trusts(const struct quota *quota, uid_t uid)
{
    const struct quota_user *user = quota_find(quota, uid);
    return uid == 0 || uid == geteuid() || (user && user->trusted);
}

int quota_charge(struct quota_user *user, enum quota_kind kind, size_t amount)
{
    if (amount > quota_left(user, kind))
        return -EDQUOT;
    quota_force(user, kind, amount);
    return 0;
}

void quota_force(struct quota_user *user, enum quota_kind kind, size_t amount)
{
    user->used[kind] += amount;
    user->quota->total[kind] += amount;
}

static void quota_wake(struct quota_user *user, enum quota_kind kind)
{
    struct list waiters = LIST_INIT(waiters);
    list_splice(&waiters, &user->waiters[kind]);
    for (struct list *link; (link = list_shift(&waiters));) {
        struct quota_waiter *waiter = CONTAINER_OF(link, struct quota_waiter, link);
        waiter->fn(waiter);
    }
}

void quota_release(struct quota_user *user, enum quota_kind kind, size_t amount)
{
    CHECK(user->used[kind] >= amount);
    user->used[kind] -= amount;
    user->quota->total[kind] -= amount;
    if (!list_empty(&user->waiters[kind]))
        quota_wake(user, kind);
}

void quota_wait(struct quota_user *user, enum quota_kind kind, struct quota_waiter *waiter)
{
    if (!list_linked(&waiter->link))
        list_append(&user->waiters[kind], &waiter->link);
}

size_t quota_left(const struct quota_user *user, enum quota_kind kind)
{
    return user->used[kind] < user->most[kind] ? user->most[kind] - user->used[kind] : 0;
}

size_t quota_used(const struct quota_user *user, enum quota_kind kind)
{
    return user->used[kind];
}

size_t quota_limit(const struct quota_user *user, enum quota_kind kind)
{
    return user->most[kind];
}

size_t quota_total(const struct quota *quota, enum quota_kind kind)
{
    return quota->total[kind];
}

const char *quota_kind_name(enum quota_kind kind)
{
    return kinds[kind].name;
}
