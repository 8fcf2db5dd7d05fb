/* The registry of what is said of sockets; see handles.h. */
#include "rpc/handles.h"

#include "loop/loop.h"
#include "net/sock.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/quota.h"

#include <string.h>

struct handle {
    struct handles *handles;
    struct hash_node by_id;
    struct hash_node by_name; /* if it has one */
    struct sock_closed closed;
    struct sock *sock;       /* borrowed: it tells when it closes */
    struct quota_user *user; /* the owner's account */
    struct list tied;        /* to a connection, or to none */
    struct loop_timer rest;  /* until it has been without use for its time to live */
    double ttl;              /* seconds; 0: for ever */
    bool charged, shared;
    bool doomed;      /* its connection ended while it was lent */
    size_t name_size; /* 0: none */
    char *name;
};

/* How many of those that leave close in a round of the loop: each costs a few microseconds. */
#define HANDLES_LEAVE 64

static void handles_on_leave(struct loop_task *task);

void handles_init(struct handles *handles, struct quota *quota, struct loop *loop)
{
    *handles = (struct handles){.quota = quota, .loop = loop};
    list_init(&handles->leaving);
    loop_task_init(&handles->leave, handles_on_leave);
}

/* ---- finding ---- */

static struct handle *handles_get(const struct handles *handles, uint64_t id)
{
    struct hash_node *node = hash_first(&handles->by_id, hash_number(id));
    while (node && sock_id(CONTAINER_OF(node, struct handle, by_id)->sock) != id)
        node = hash_next(node);
    return node ? CONTAINER_OF(node, struct handle, by_id) : NULL;
}

static bool handle_is(const struct handle *handle, uid_t owner, const char *name, size_t size)
{
    return quota_user_uid(handle->user) == owner && handle->name_size == size &&
           memcmp(handle->name, name, size) == 0;
}

static struct handle *handles_get_named(const struct handles *handles, uid_t owner,
                                        const char *name, size_t size)
{
    struct hash_node *node = hash_first(&handles->by_name, hash_bytes(owner, name, size));
    for (; node; node = hash_next(node)) {
        struct handle *handle = CONTAINER_OF(node, struct handle, by_name);
        if (handle_is(handle, owner, name, size))
            return handle;
    }
    return NULL;
}

uint64_t handles_find(const struct handles *handles, uid_t owner, const char *name,
                      size_t name_size)
{
    const struct handle *handle = handles_get_named(handles, owner, name, name_size);
    return handle ? sock_id(handle->sock) : 0;
}

struct arg_settings handles_settings(const struct handles *handles, uint64_t id)
{
    const struct handle *handle = handles_get(handles, id);
    if (!handle)
        return (struct arg_settings){0};
    return (struct arg_settings){
        .name = {handle->name, handle->name_size},
        .shared = handle->shared,
        .tied = list_linked(&handle->tied),
        .ttl = handle->ttl,
    };
}

bool handles_is_shared(const struct handles *handles, uint64_t id)
{
    const struct handle *handle = handles_get(handles, id);
    return handle && handle->shared;
}

/* ---- the time to live ---- */

/* A use does not move the timer: when it fires, it is seen how long ago the last one was. */
static void handle_on_rest(struct loop_timer *timer)
{
    struct handle *handle = CONTAINER_OF(timer, struct handle, rest);
    uint64_t ttl = (uint64_t)(handle->ttl * (double)LOOP_SECOND);
    uint64_t idle = sock_is_open(handle->sock) ? sock_idle(handle->sock) : 0;
    if (idle >= ttl ||
        loop_timer_start(handle->handles->loop, timer, loop_now() + ttl - idle, handle_on_rest) < 0)
        sock_close(handle->sock);
}

static int handle_set_ttl(struct handle *handle, double ttl)
{
    uint64_t end = ttl > 0 ? loop_deadline(ttl) : LOOP_NEVER;
    int result = loop_timer_start(handle->handles->loop, &handle->rest, end, handle_on_rest);
    if (result < 0)
        return result;
    /* Beyond a century it is for ever too. */
    handle->ttl = end == LOOP_NEVER ? 0 : ttl;
    sock_touch(handle->sock);
    return 0;
}

/* ---- names ---- */

static void handle_drop_name(struct handle *handle)
{
    if (handle->name_size == 0)
        return;
    hash_remove(&handle->handles->by_name, &handle->by_name);
    free(STEAL(handle->name));
    handle->name_size = 0;
}

/* Whether somebody else has it. */
static bool handle_may_be_named(const struct handle *handle, const struct arg_bytes *name)
{
    uid_t owner = quota_user_uid(handle->user);
    const struct handle *other =
        name->size > 0 ? handles_get_named(handle->handles, owner, name->data, name->size) : NULL;
    return !other || other == handle;
}

static int handle_set_name(struct handle *handle, const struct arg_bytes *name)
{
    struct hash *by_name = &handle->handles->by_name;
    if (name->size == 0) {
        handle_drop_name(handle);
        return 0;
    }
    CLEANUP(freep) char *copy = malloc(name->size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, name->data, name->size);
    handle_drop_name(handle);
    uint64_t hash = hash_bytes(quota_user_uid(handle->user), copy, name->size);
    int result = hash_add(by_name, &handle->by_name, hash);
    if (result < 0)
        return result;
    handle->name = STEAL(copy);
    handle->name_size = name->size;
    return 0;
}

/* ---- settings ---- */

static void handle_tie(struct handle *handle, bool tied, struct list *connection)
{
    list_unlink(&handle->tied);
    if (tied)
        list_append(connection, &handle->tied);
}

static int handle_apply(struct handle *handle, const struct arg_settings *settings,
                        struct list *connection)
{
    unsigned given = settings->given;
    int result = 0;
    if (settings->tied && !connection)
        return -ECANCELED;
    if (!handle_may_be_named(handle, &settings->name))
        return -EEXIST;
    if (given & METHOD_OPTION_TTL)
        result = handle_set_ttl(handle, settings->ttl);
    if (result == 0 && (given & METHOD_OPTION_NAME))
        result = handle_set_name(handle, &settings->name);
    if (result < 0)
        return result;
    if (given & METHOD_OPTION_SHARE)
        handle->shared = settings->shared;
    if (given & METHOD_OPTION_LIFETIME)
        handle_tie(handle, settings->tied, connection);
    return 0;
}

/* ---- life ---- */

static void handle_free(struct handle *handle)
{
    struct handles *handles = handle->handles;
    list_unlink(&handle->closed.link);
    list_unlink(&handle->tied);
    loop_timer_stop(handles->loop, &handle->rest);
    hash_remove(&handles->by_id, &handle->by_id);
    handle_drop_name(handle);
    if (handle->charged)
        quota_release(handle->user, QUOTA_SOCKETS, 1);
    quota_user_put(handle->user);
    free(handle);
}

static void handle_on_close(struct sock_closed *closed)
{
    handle_free(CONTAINER_OF(closed, struct handle, closed));
}

/* Uncharged, and nothing said of it. NULL: no memory. */
static struct handle *handle_new(struct handles *handles, struct sock *sock)
{
    struct handle *handle = calloc(1, sizeof *handle);
    if (!handle)
        return NULL;
    handle->handles = handles;
    handle->sock = sock;
    handle->user = quota_user_get(handles->quota, sock_owner(sock));
    handle->closed.fn = handle_on_close;
    list_init(&handle->closed.link);
    list_init(&handle->tied);
    if (!handle->user || sock_on_close(sock, &handle->closed) < 0 ||
        hash_add(&handles->by_id, &handle->by_id, hash_number(sock_id(sock))) < 0) {
        list_unlink(&handle->closed.link);
        quota_user_put(handle->user);
        free(handle);
        return NULL;
    }
    return handle;
}

int handles_add(struct handles *handles, struct sock *sock, const struct arg_settings *settings,
                struct list *connection)
{
    struct handle *handle = handle_new(handles, sock);
    if (!handle)
        return -ENOMEM;
    int result = handle_apply(handle, settings, connection);
    if (result == 0)
        result = quota_charge(handle->user, QUOTA_SOCKETS, 1);
    handle->charged = result == 0;
    if (result < 0)
        handle_free(handle);
    return result;
}

int handles_set(struct handles *handles, struct sock *sock, const struct arg_settings *settings,
                struct list *connection)
{
    struct handle *handle = handles_get(handles, sock_id(sock));
    if (!handle)
        handle = handle_new(handles, sock);
    return handle ? handle_apply(handle, settings, connection) : -ENOMEM;
}

static void handles_close_some(struct handles *handles, size_t most)
{
    struct list *link;
    while (most-- > 0 && (link = list_shift(&handles->leaving))) {
        struct handle *handle = CONTAINER_OF(link, struct handle, tied);
        if (sock_is_open(handle->sock))
            sock_close(handle->sock);
        else
            handle->doomed = true;
    }
    if (!list_empty(&handles->leaving))
        loop_defer(handles->loop, &handles->leave);
}

static void handles_on_leave(struct loop_task *task)
{
    handles_close_some(CONTAINER_OF(task, struct handles, leave), HANDLES_LEAVE);
}

void handles_close_tied(struct handles *handles, struct list *connection)
{
    bool before = !list_empty(&handles->leaving);
    list_splice(&handles->leaving, connection);
    if (!before)
        handles_close_some(handles, HANDLES_LEAVE);
}

void handles_restored(struct handles *handles, uint64_t id)
{
    const struct handle *handle = handles_get(handles, id);
    if (handle && handle->doomed)
        sock_close(handle->sock);
}

void handles_forget(struct handles *handles, uint64_t id)
{
    struct handle *handle = handles_get(handles, id);
    if (handle)
        handle_free(handle);
}

void handles_deinit(struct handles *handles)
{
    handles_close_some(handles, SIZE_MAX);
    loop_defer_cancel(handles->loop, &handles->leave);
    for (size_t i = 0; handles->by_id.count > 0 && i < handles->by_id.size; i++)
        while (handles->by_id.count > 0 && handles->by_id.buckets[i])
            handle_free(CONTAINER_OF(handles->by_id.buckets[i], struct handle, by_id));
    hash_deinit(&handles->by_id);
    hash_deinit(&handles->by_name);
}
