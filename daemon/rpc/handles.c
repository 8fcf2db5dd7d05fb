/* The registry of sockets made by clients; see handles.h. */
#include "rpc/handles.h"

#include "net/sock.h"
#include "rpc/quota.h"
#include "util/error.h"
#include "util/list.h"

#include <string.h>

struct handle {
    struct handles *handles;
    struct hash_node by_id;
    struct hash_node by_name; /* if it has one */
    struct sock_closed closed;
    struct quota_user *user; /* the owner's account */
    uint64_t id;
    size_t name_size;
    char name[]; /* terminated; "" for none */
};

void handles_init(struct handles *handles, struct quota *quota)
{
    *handles = (struct handles){.quota = quota};
}

static struct handle *handles_get(const struct handles *handles, uint64_t id)
{
    struct hash_node *node = hash_first(&handles->by_id, hash_number(id));
    while (node && CONTAINER_OF(node, struct handle, by_id)->id != id)
        node = hash_next(node);
    return node ? CONTAINER_OF(node, struct handle, by_id) : NULL;
}

static bool handle_is(const struct handle *handle, uid_t owner, const char *name, size_t size)
{
    return quota_user_uid(handle->user) == owner && handle->name_size == size &&
           memcmp(handle->name, name, size) == 0;
}

uint64_t handles_find(const struct handles *handles, uid_t owner, const char *name,
                      size_t name_size)
{
    struct hash_node *node = hash_first(&handles->by_name, hash_bytes(owner, name, name_size));
    for (; node; node = hash_next(node)) {
        struct handle *handle = CONTAINER_OF(node, struct handle, by_name);
        if (handle_is(handle, owner, name, name_size))
            return handle->id;
    }
    return 0;
}

const char *handles_name(const struct handles *handles, uint64_t id)
{
    struct handle *handle = handles_get(handles, id);
    return handle && handle->name_size > 0 ? handle->name : NULL;
}

static void handle_free(struct handle *handle)
{
    struct handles *handles = handle->handles;
    list_unlink(&handle->closed.link);
    hash_remove(&handles->by_id, &handle->by_id);
    if (handle->name_size > 0)
        hash_remove(&handles->by_name, &handle->by_name);
    quota_release(handle->user, QUOTA_SOCKETS, 1);
    quota_user_put(handle->user);
    free(handle);
}

static void handle_on_close(struct sock_closed *closed)
{
    handle_free(CONTAINER_OF(closed, struct handle, closed));
}

static int handle_index(struct handle *handle)
{
    struct handles *handles = handle->handles;
    int result = hash_add(&handles->by_id, &handle->by_id, hash_number(handle->id));
    if (result < 0 || handle->name_size == 0)
        return result;
    uint64_t hash = hash_bytes(quota_user_uid(handle->user), handle->name, handle->name_size);
    result = hash_add(&handles->by_name, &handle->by_name, hash);
    if (result < 0)
        hash_remove(&handles->by_id, &handle->by_id);
    return result;
}

/* Uncharged and unindexed: only its memory and the account's reference. */
static struct handle *handle_new(struct handles *handles, struct sock *sock, const char *name,
                                 size_t name_size)
{
    struct handle *handle = calloc(1, sizeof *handle + name_size + 1);
    if (!handle)
        return NULL;
    handle->user = quota_user_get(handles->quota, sock_owner(sock));
    if (!handle->user) {
        free(handle);
        return NULL;
    }
    handle->handles = handles;
    handle->id = sock_id(sock);
    handle->name_size = name_size;
    if (name_size > 0)
        memcpy(handle->name, name, name_size);
    handle->closed.fn = handle_on_close;
    list_init(&handle->closed.link);
    return handle;
}

int handles_add(struct handles *handles, struct sock *sock, const char *name, size_t name_size)
{
    if (name_size > 0 && handles_find(handles, sock_owner(sock), name, name_size) > 0)
        return -EEXIST;
    struct handle *handle = handle_new(handles, sock, name, name_size);
    if (!handle)
        return -ENOMEM;
    int result = quota_charge(handle->user, QUOTA_SOCKETS, 1);
    if (result == 0) {
        result = handle_index(handle);
        if (result < 0)
            quota_release(handle->user, QUOTA_SOCKETS, 1);
    }
    if (result < 0) {
        quota_user_put(handle->user);
        free(handle);
        return result;
    }
    sock_on_close(sock, &handle->closed);
    return 0;
}

void handles_forget(struct handles *handles, uint64_t id)
{
    struct handle *handle = handles_get(handles, id);
    if (handle)
        handle_free(handle);
}

void handles_deinit(struct handles *handles)
{
    for (size_t i = 0; handles->by_id.count > 0 && i < handles->by_id.size; i++)
        while (handles->by_id.count > 0 && handles->by_id.buckets[i])
            handle_free(CONTAINER_OF(handles->by_id.buckets[i], struct handle, by_id));
    hash_deinit(&handles->by_id);
    hash_deinit(&handles->by_name);
}
