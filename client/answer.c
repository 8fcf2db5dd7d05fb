/*
 * Answers taken apart into what the typed functions return. See sockd/answer.h.
 *
 * They are read where they lie; only a value that the caller is to walk through becomes a tree.
 */
#include "client/answer.h"

#include "client/core.h"

#include <errno.h>
#include <string.h>

int answer_mismatch(const struct sockd_answer *answer)
{
    return fault_set(answer->fault, SOCKD_ORIGIN_CONNECTION, -EPROTO,
                     "The daemon's answer is not what the method promises");
}

const struct sockd_error *sockd_answer_error(const struct sockd_answer *answer)
{
    return &answer->fault->error;
}

int sockd_answer_status(const struct sockd_answer *answer)
{
    return answer->error;
}

int sockd_answer_bool(const struct sockd_answer *answer, bool *result)
{
    struct view view = answer->message.result;
    bool value;

    if (answer->error)
        return answer->error;
    if (!view_bool(&view, &value))
        return answer_mismatch(answer);
    if (result)
        *result = value;
    return 0;
}

int sockd_answer_int(const struct sockd_answer *answer, int64_t *result)
{
    struct view view = answer->message.result;
    int64_t value;

    if (answer->error)
        return answer->error;
    if (!view_int(&view, &value))
        return answer_mismatch(answer);
    if (result)
        *result = value;
    return 0;
}

int sockd_answer_count(const struct sockd_answer *answer, size_t *count)
{
    int64_t value = 0;
    int error = sockd_answer_int(answer, &value);

    if (!error && value < 0)
        error = answer_mismatch(answer);
    /* What went out before a failure is known too. */
    if (count)
        *count = error ? (size_t)answer->fault->error.sent : (size_t)value;
    return error;
}

/* A copy in the client's zone, terminated; NULL for lack of memory. */
static const char *terminated(const struct sockd_answer *answer, const char *data, size_t size)
{
    char *copy = msgpack_zone_malloc(&answer->client->zone, size + 1);

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

static int no_memory(const struct sockd_answer *answer)
{
    return fault_set(answer->fault, SOCKD_ORIGIN_LIBRARY, -ENOMEM, NULL);
}

int sockd_answer_text(const struct sockd_answer *answer, const char **text)
{
    struct view view = answer->message.result;
    const char *data;
    const char *copy = NULL;
    size_t size;

    if (answer->error)
        return answer->error;
    if (view_bytes(&view, &data, &size)) {
        copy = terminated(answer, data, size);
        if (!copy)
            return no_memory(answer);
    } else if (!take_nil(&view)) {
        return answer_mismatch(answer);
    }
    if (text)
        *text = copy;
    return 0;
}

static bool has(const char *data, size_t size, char letter)
{
    return size > 0 && memchr(data, letter, size) != NULL;
}

int sockd_answer_events(const struct sockd_answer *answer, int *events)
{
    struct view view = answer->message.result;
    const char *data;
    size_t size;
    int64_t number;

    if (answer->error)
        return answer->error;
    if (view_str(&view, &data, &size))
        number = (has(data, size, 'R') ? SOCKD_READABLE : 0) |
                 (has(data, size, 'W') ? SOCKD_WRITABLE : 0);
    else if (!view_int(&view, &number) || number < 0 || number > (SOCKD_READABLE | SOCKD_WRITABLE))
        return answer_mismatch(answer);
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

int sockd_answer_bytes(const struct sockd_answer *answer, struct sockd_bytes *bytes)
{
    struct view view = answer->message.result;

    if (answer->error)
        return answer->error;
    return read_bytes(&view, bytes) ? 0 : answer_mismatch(answer);
}

int sockd_answer_bytes_status(const struct sockd_answer *answer, struct sockd_bytes *bytes,
                              bool *eof)
{
    struct view view = answer->message.result;
    const char *status = "";
    size_t size = 0;
    uint32_t count;

    if (answer->error)
        return answer->error;
    if (!view_array(&view, &count) || count != 2 || !read_bytes(&view, bytes))
        return answer_mismatch(answer);
    if (!take_nil(&view) && !view_str(&view, &status, &size))
        return answer_mismatch(answer);
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

int sockd_answer_id(const struct sockd_answer *answer, uint64_t *id)
{
    struct view view = answer->message.result;

    if (answer->error)
        return answer->error;
    return read_id(&view, id) ? 0 : answer_mismatch(answer);
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

int sockd_answer_id_pair(const struct sockd_answer *answer, uint64_t *first, uint64_t *second)
{
    struct view view = answer->message.result;
    uint32_t count;

    if (answer->error)
        return answer->error;
    if (!view_array(&view, &count) || count != 2 || !read_id(&view, first))
        return answer_mismatch(answer);
    return read_id(&view, second) ? 0 : answer_mismatch(answer);
}

int sockd_answer_linger(const struct sockd_answer *answer, bool *lingers, int *seconds)
{
    struct view view = answer->message.result;
    bool active;
    int64_t number;
    uint32_t count;

    if (answer->error)
        return answer->error;
    if (!view_array(&view, &count) || count != 2 || !view_bool(&view, &active) ||
        !view_int(&view, &number) || number < INT_MIN || number > INT_MAX)
        return answer_mismatch(answer);
    if (lingers)
        *lingers = active;
    if (seconds)
        *seconds = (int)number;
    return 0;
}

/* A sender that has no address is one without texts. */
int sockd_answer_bytes_from(const struct sockd_answer *answer, struct sockd_bytes *bytes,
                            struct sockd_address *from)
{
    struct view view = answer->message.result;
    uint32_t count;

    if (answer->error)
        return answer->error;
    if (!view_array(&view, &count) || count != 2 || !read_bytes(&view, bytes))
        return answer_mismatch(answer);
    if (!take_nil(&view))
        return read_address(view, from) ? 0 : answer_mismatch(answer);
    if (from)
        *from = (struct sockd_address){.port = -1};
    return 0;
}

int sockd_answer_id_address(const struct sockd_answer *answer, uint64_t *id,
                            struct sockd_address *address)
{
    struct view view = answer->message.result;
    uint32_t count;

    if (answer->error)
        return answer->error;
    if (!view_array(&view, &count) || count != 2 || !read_id(&view, id))
        return answer_mismatch(answer);
    return read_address(view, address) ? 0 : answer_mismatch(answer);
}

int sockd_answer_address(const struct sockd_answer *answer, struct sockd_address *address)
{
    if (answer->error)
        return answer->error;
    return read_address(answer->message.result, address) ? 0 : answer_mismatch(answer);
}

/* The address under a key; one without texts if there is none. */
static void read_address_of(struct view map, const char *key, struct sockd_address *address)
{
    struct view value;

    *address = (struct sockd_address){.port = -1};
    if (view_find(map, key, &value))
        read_address(value, address);
}

/* A daemon that asks whether it came has been told. */
static int no_descriptor(const struct sockd_answer *answer)
{
    const char *why = "The daemon's answer brought no descriptor";
    struct view value;

    if (*answer->fd == ANSWER_FD_TAKEN)
        why = "The descriptor has been taken already";
    else if (view_find(answer->message.result, "confirm", &value))
        why = "No descriptor arrived, as behind a forwarded control socket: the socket stays with "
              "the daemon";
    return fault_set(answer->fault, SOCKD_ORIGIN_CONNECTION, -EBADF, why);
}

int sockd_answer_take(const struct sockd_answer *answer, struct sockd_taken *taken)
{
    struct view map = answer->message.result;
    struct view data, error;
    int64_t number;

    if (answer->error)
        return answer->error;
    if (*answer->fd < 0)
        return no_descriptor(answer);
    if (!view_find(map, "data", &data) || !read_bytes(&data, &taken->data))
        return answer_mismatch(answer);
    taken->error = 0;
    if (view_find(map, "errno", &error) && view_int(&error, &number) && number > 0 &&
        number <= INT_MAX)
        taken->error = (int)number;
    read_address_of(map, "address", &taken->address);
    read_address_of(map, "peer", &taken->peer);
    taken->fd = *answer->fd;
    *answer->fd = ANSWER_FD_TAKEN;
    return 0;
}

int sockd_answer_value(const struct sockd_answer *answer, const struct sockd_value **value)
{
    const struct view *view = &answer->message.result;
    msgpack_zone *zone = &answer->client->zone;

    if (answer->error || !value)
        return answer->error;
    msgpack_object *root = msgpack_zone_malloc(zone, sizeof *root);
    if (!root || msgpack_unpack((const char *)view->at, view_left(view), NULL, zone, root) !=
                     MSGPACK_UNPACK_SUCCESS)
        return no_memory(answer);
    *value = (const struct sockd_value *)root;
    return 0;
}
