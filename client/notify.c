/*
 * Notifications of the daemon. See notify.h.
 */
#include "client/notify.h"

#include <errno.h>
#include <string.h>

void sockd_on_notify(struct sockd_client *client, sockd_notify_fn callback, void *context)
{
    client->notify = callback;
    client->notify_context = context;
}

/* The parameters as one array, in the client's zone; what they hold stays where it was received. */
static msgpack_object *unpack_params(struct sockd_client *client, const struct message *message)
{
    const char *bytes = (const char *)message->params.at;
    msgpack_object *root =
        msgpack_zone_malloc(&client->zone, sizeof(msgpack_object) * ((size_t)message->count + 1));
    size_t offset = 0;

    if (!root)
        return NULL;
    root->type = MSGPACK_OBJECT_ARRAY;
    root->via.array.size = message->count;
    root->via.array.ptr = root + 1;
    for (uint32_t i = 0; i < message->count; i++) {
        msgpack_unpack_return result = msgpack_unpack(bytes, view_left(&message->params), &offset,
                                                      &client->zone, root + 1 + i);
        if (result != MSGPACK_UNPACK_SUCCESS && result != MSGPACK_UNPACK_EXTRA_BYTES)
            return NULL;
    }
    return root;
}

static char *copy_method(struct sockd_client *client, const struct message *message)
{
    char *method = msgpack_zone_malloc(&client->zone, message->method_size + 1);

    if (!method)
        return NULL;
    memcpy(method, message->method, message->method_size);
    method[message->method_size] = 0;
    return method;
}

int notify_deliver(struct sockd_client *client, const struct message *message)
{
    if (!client->notify)
        return 0;
    const char *method = copy_method(client, message);
    const msgpack_object *params = unpack_params(client, message);
    if (!method || !params)
        return -ENOMEM;
    core_enter(client);
    client->notify(client, method, (const struct sockd_value *)params, client->notify_context);
    core_leave(client);
    return 0;
}
