/*
 * Answers taken apart into what the typed functions return. See call.h.
 *
 * They are read where they lie; only a value that the caller is to walk through becomes a tree.
 */
#include "client/call.h"
#include "client/core.h"

#include <errno.h>
#include <string.h>

int call_true(struct call *call)
{
    bool result;

    return call_bool(call, &result);
}

int call_bool(struct call *call, bool *result)
{
    bool value;
    int error = call_finish(call);

    if (error)
        return error;
    if (!view_bool(&call->answer.result, &value))
        return call_mismatch(call);
    if (result)
        *result = value;
    return 0;
}

int call_int(struct call *call, int64_t *result)
{
    int64_t value;
    int error = call_finish(call);

    if (error)
        return error;
    if (!view_int(&call->answer.result, &value))
        return call_mismatch(call);
    if (result)
        *result = value;
    return 0;
}

int call_count(struct call *call, size_t *count)
{
    int64_t value = 0;
    int error = call_int(call, &value);

    if (!error && value < 0)
        error = call_mismatch(call);
    /* What went out before a failure is known too. */
    if (count)
        *count = error ? (size_t)call->client->fault.error.sent : (size_t)value;
    return error;
}

/* A copy in the client's zone, terminated; NULL for lack of memory. */
static const char *terminated(struct call *call, const char *data, size_t size)
{
    char *copy = msgpack_zone_malloc(&call->client->zone, size + 1);

    if (!copy)
        return NULL;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = 0;
    return copy;
}

static bool take_nil(struct view *view)
{
    enum view_type type;

    return view_peek(view, &type) && type == VIEW_NIL && view_skip(view);
}

static int no_memory(struct call *call)
{
    return fault_set(&call->client->fault, SOCKD_ORIGIN_LIBRARY, -ENOMEM, NULL);
}

int call_text(struct call *call, const char **text)
{
    const char *data;
    const char *copy = NULL;
    size_t size;
    int error = call_finish(call);

    if (error)
        return error;
    if (view_bytes(&call->answer.result, &data, &size)) {
        copy = terminated(call, data, size);
        if (!copy)
            return no_memory(call);
    } else if (!take_nil(&call->answer.result)) {
        return call_mismatch(call);
    }
    if (text)
        *text = copy;
    return 0;
}

static bool has(const char *data, size_t size, char letter)
{
    return size > 0 && memchr(data, letter, size) != NULL;
}

int call_events(struct call *call, int *events)
{
    const char *data;
    size_t size;
    int64_t number;
    int error = call_finish(call);

    if (error)
        return error;
    if (view_str(&call->answer.result, &data, &size))
        number = (has(data, size, 'R') ? SOCKD_READABLE : 0) |
                 (has(data, size, 'W') ? SOCKD_WRITABLE : 0);
    else if (!view_int(&call->answer.result, &number) || number < 0 ||
             number > (SOCKD_READABLE | SOCKD_WRITABLE))
        return call_mismatch(call);
    if (events)
        *events = (int)number;
    return 0;
}

static bool read_bytes(struct view *view, struct sockd_bytes *bytes)
{
    struct sockd_bytes got;

    if (!view_bytes(view, &got.data, &got.size))
        return false;
    if (bytes)
        *bytes = got;
    return true;
}

int call_bytes(struct call *call, struct sockd_bytes *bytes)
{
    int error = call_finish(call);

    if (error)
        return error;
    return read_bytes(&call->answer.result, bytes) ? 0 : call_mismatch(call);
}

int call_bytes_status(struct call *call, struct sockd_bytes *bytes, bool *eof)
{
    struct view *view = &call->answer.result;
    const char *status = "";
    size_t size = 0;
    uint32_t count;
    int error = call_finish(call);

    if (error)
        return error;
    if (!view_array(view, &count) || count != 2 || !read_bytes(view, bytes))
        return call_mismatch(call);
    if (!take_nil(view) && !view_str(view, &status, &size))
        return call_mismatch(call);
    if (eof)
        *eof = size == 3 && memcmp(status, "eof", 3) == 0;
    return 0;
}

static bool read_id(struct view *view, uint64_t *id)
{
    int64_t value;

    if (!view_int(view, &value) || value <= 0)
        return false;
    if (id)
        *id = (uint64_t)value;
    return true;
}

int call_id(struct call *call, uint64_t *id)
{
    int error = call_finish(call);

    if (error)
        return error;
    return read_id(&call->answer.result, id) ? 0 : call_mismatch(call);
}

/* Copies the text under a key, cut to the room; "" if there is none. */
static void copy_text(struct view map, const char *key, char *text, size_t room)
{
    struct view value;
    const char *data;
    size_t size = 0;

    if (!view_find(map, key, &value) || !view_bytes(&value, &data, &size))
        size = 0;
    if (size > room - 1)
        size = room - 1;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = 0;
}

static bool read_address(struct view map, struct sockd_address *address)
{
    struct view value;
    int64_t port = -1;
    uint32_t pairs;
    struct view copy = map;

    if (!view_map(&copy, &pairs))
        return false;
    if (!address)
        return true;
    copy_text(map, "host", address->host, sizeof address->host);
    copy_text(map, "family", address->family, sizeof address->family);
    copy_text(map, "type", address->type, sizeof address->type);
    copy_text(map, "protocol", address->protocol, sizeof address->protocol);
    copy_text(map, "port", address->path, sizeof address->path);
    if (view_find(map, "port", &value) && view_int(&value, &port) && port > UINT16_MAX)
        port = -1;
    address->port = (int)port;
    return true;
}

int call_id_pair(struct call *call, uint64_t *first, uint64_t *second)
{
    struct view *view = &call->answer.result;
    uint32_t count;
    int error = call_finish(call);

    if (error)
        return error;
    if (!view_array(view, &count) || count != 2 || !read_id(view, first))
        return call_mismatch(call);
    return read_id(view, second) ? 0 : call_mismatch(call);
}

int call_linger(struct call *call, bool *lingers, int *seconds)
{
    struct view *view = &call->answer.result;
    bool active;
    int64_t number;
    uint32_t count;
    int error = call_finish(call);

    if (error)
        return error;
    if (!view_array(view, &count) || count != 2 || !view_bool(view, &active) ||
        !view_int(view, &number) || number < INT_MIN || number > INT_MAX)
        return call_mismatch(call);
    if (lingers)
        *lingers = active;
    if (seconds)
        *seconds = (int)number;
    return 0;
}

/* A sender that has no address is one without texts. */
int call_bytes_from(struct call *call, struct sockd_bytes *bytes, struct sockd_address *from)
{
    struct view *view = &call->answer.result;
    uint32_t count;
    int error = call_finish(call);

    if (error)
        return error;
    if (!view_array(view, &count) || count != 2 || !read_bytes(view, bytes))
        return call_mismatch(call);
    if (!take_nil(view))
        return read_address(*view, from) ? 0 : call_mismatch(call);
    if (from)
        *from = (struct sockd_address){.port = -1};
    return 0;
}

int call_id_address(struct call *call, uint64_t *id, struct sockd_address *address)
{
    struct view *view = &call->answer.result;
    uint32_t count;
    int error = call_finish(call);

    if (error)
        return error;
    if (!view_array(view, &count) || count != 2 || !read_id(view, id))
        return call_mismatch(call);
    return read_address(*view, address) ? 0 : call_mismatch(call);
}

int call_address(struct call *call, struct sockd_address *address)
{
    int error = call_finish(call);

    if (error)
        return error;
    return read_address(call->answer.result, address) ? 0 : call_mismatch(call);
}

int call_value(struct call *call, const struct sockd_value **value)
{
    int error = call_finish(call);

    if (error || !value)
        return error;
    msgpack_zone *zone = &call->client->zone;
    msgpack_object *root = msgpack_zone_malloc(zone, sizeof *root);
    const struct view *view = &call->answer.result;
    if (!root || msgpack_unpack((const char *)view->at, view_left(view), NULL, zone, root) !=
                     MSGPACK_UNPACK_SUCCESS)
        return no_memory(call);
    *value = (const struct sockd_value *)root;
    return 0;
}
