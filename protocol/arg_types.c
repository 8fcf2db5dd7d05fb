/*
 * The reader of each parameter type. See arg_types.h.
 */
#include "protocol/arg_types.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <strings.h>

static bool read_integer(struct view *view, struct arg *arg, int64_t least, int64_t most)
{
    const uint8_t *start = view->at;

    if (!view_int(view, &arg->integer))
        return false;
    if (arg->integer < least || arg->integer > most) {
        view->at = start;
        return false;
    }
    arg->kind = ARG_INTEGER;
    return true;
}

bool arg_read_str(struct view *view, struct arg *arg)
{
    if (!view_str(view, &arg->bytes.data, &arg->bytes.size))
        return false;
    arg->kind = ARG_BYTES;
    return true;
}

static bool read_handle(struct view *view, struct arg *arg)
{
    struct view rest = *view;

    if (read_integer(view, arg, 1, INT64_MAX))
        return true;
    if (!arg_read_str(&rest, arg) || !args_is_reference(arg->bytes.data, arg->bytes.size))
        return false;
    *view = rest;
    return true;
}

/* A NUL would end the name early for the resolver and let "a\0b" pass for "a". */
static bool read_host(struct view *view, struct arg *arg)
{
    if (read_integer(view, arg, 0, 0))
        return true;
    return arg_read_str(view, arg) && memchr(arg->bytes.data, 0, arg->bytes.size) == NULL;
}

static bool read_port(struct view *view, struct arg *arg)
{
    return read_integer(view, arg, 0, UINT16_MAX) || arg_read_str(view, arg);
}

/* Without a NUL, which would end the name early for the resolver. */
static bool read_service(struct view *view, struct arg *arg)
{
    struct view rest = *view;

    if (!read_port(&rest, arg))
        return false;
    if (arg->kind == ARG_BYTES && memchr(arg->bytes.data, 0, arg->bytes.size) != NULL)
        return false;
    *view = rest;
    return true;
}

static bool read_bytes(struct view *view, struct arg *arg)
{
    if (!view_bytes(view, &arg->bytes.data, &arg->bytes.size))
        return false;
    arg->kind = ARG_BYTES;
    return true;
}

static bool read_size(struct view *view, struct arg *arg)
{
    return read_integer(view, arg, 0, INT64_MAX);
}

static bool read_amount(struct view *view, struct arg *arg)
{
    return read_integer(view, arg, 0, INT64_MAX);
}

static bool read_int(struct view *view, struct arg *arg)
{
    return read_integer(view, arg, INT_MIN, INT_MAX);
}

static bool read_msgid(struct view *view, struct arg *arg)
{
    return read_integer(view, arg, 0, UINT32_MAX);
}

static bool read_bool(struct view *view, struct arg *arg)
{
    if (!view_bool(view, &arg->boolean))
        return false;
    arg->kind = ARG_BOOLEAN;
    return true;
}

static bool read_symbol(struct view *view, struct arg *arg)
{
    return read_int(view, arg) || arg_read_str(view, arg);
}

/* One str, or an array of them. */
static bool read_names(struct view *view, struct arg *arg)
{
    struct view rest = *view;
    struct arg item;
    uint32_t count;

    if (arg_read_str(view, arg))
        return true;
    if (!view_array(&rest, &count))
        return false;
    arg->list.count = count;
    arg->list.value = rest;
    for (; count > 0; count--) {
        if (!arg_read_str(&rest, &item))
            return false;
    }
    arg->kind = ARG_LIST;
    *view = rest;
    return true;
}

static bool read_flags(struct view *view, struct arg *arg)
{
    return read_int(view, arg) || read_names(view, arg);
}

/* Whether the text is one of these events, in any case. */
static bool is_events(const struct arg_bytes *text)
{
    static const char *const known[] = {"R", "W", "RW", "WR"};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i]) == text->size && strncasecmp(known[i], text->data, text->size) == 0)
            return true;
    }
    return false;
}

static bool read_events(struct view *view, struct arg *arg)
{
    struct view rest = *view;

    if (read_integer(view, arg, 1, 3))
        return true;
    if (!arg_read_str(&rest, arg) || !is_events(&arg->bytes))
        return false;
    *view = rest;
    return true;
}

bool arg_read_timeout(struct view *view, struct arg *arg)
{
    struct view rest = *view;

    if (!view_double(&rest, &arg->number) || isnan(arg->number))
        return false;
    arg->kind = ARG_NUMBER;
    *view = rest;
    return true;
}

static bool is_key(const char *key, size_t size, const char *wanted)
{
    return strlen(wanted) == size && memcmp(key, wanted, size) == 0;
}

/* One pair of a handler's map. */
static bool read_handler_pair(struct view *view, struct arg *arg)
{
    struct arg text;
    const char *key;
    size_t size;

    if (!view_str(view, &key, &size) || !arg_read_str(view, &text))
        return false;
    if (is_key(key, size, "handler"))
        arg->bytes = text.bytes;
    else if (is_key(key, size, "name"))
        arg->name = text.bytes;
    else
        return false;
    return true;
}

static bool read_handler(struct view *view, struct arg *arg)
{
    struct view rest = *view;
    uint32_t pairs;

    arg->name = (struct arg_bytes){0};
    if (arg_read_str(view, arg))
        return true;
    if (!view_map(&rest, &pairs))
        return false;
    arg->bytes = (struct arg_bytes){0};
    for (; pairs > 0; pairs--) {
        if (!read_handler_pair(&rest, arg))
            return false;
    }
    if (!arg->bytes.data)
        return false;
    arg->kind = ARG_BYTES;
    *view = rest;
    return true;
}

static bool take_value(struct view *view, struct arg *arg)
{
    arg->kind = ARG_VALUE;
    arg->list.count = 1;
    return view_take(view, &arg->list.value);
}

static bool read_map(struct view *view, struct arg *arg)
{
    return view_at_map(view) && take_value(view, arg);
}

/* Which of them it must be is for the option to say. */
static bool read_value(struct view *view, struct arg *arg)
{
    enum view_type type;

    return view_peek(view, &type) && type != VIEW_MAP && type != VIEW_NIL && take_value(view, arg);
}

/* read's limit and delimiters gather in one argument, wherever they come from. */
static struct arg_what *open_what(struct arg *arg)
{
    if (arg->kind != ARG_WHAT) {
        arg->kind = ARG_WHAT;
        arg->what = (struct arg_what){0};
    }
    return &arg->what;
}

bool arg_read_limit(struct view *view, struct arg *arg)
{
    struct arg size;

    if (!read_size(view, &size))
        return false;
    open_what(arg)->has_limit = true;
    arg->what.limit = (size_t)size.integer;
    return true;
}

/* An empty delimiter would be found everywhere and nowhere. */
static bool read_delimiter(struct view *view)
{
    struct arg delimiter;

    return read_bytes(view, &delimiter) && delimiter.bytes.size > 0;
}

/* One delimiter, or an array of them. */
static bool read_delimiters(struct view *view, struct arg *arg)
{
    struct view rest = *view;
    uint32_t count = 1;

    if (view_array(&rest, &count) && (count == 0 || count > LIMIT_DELIMITERS))
        return false;
    struct view first = rest;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_delimiter(&rest))
            return false;
    }
    open_what(arg)->delimiters = count;
    arg->what.delimiter = first;
    *view = rest;
    return true;
}

static bool read_what(struct view *view, struct arg *arg)
{
    enum view_type type;

    if (arg_read_limit(view, arg))
        return true;
    return view_peek(view, &type) && type != VIEW_ARRAY && read_delimiters(view, arg);
}

arg_read_fn arg_what_reader(const char *key, size_t size)
{
    if (is_key(key, size, "limit") || is_key(key, size, "chunk") || is_key(key, size, "size"))
        return arg_read_limit;
    if (is_key(key, size, "delimiter") || is_key(key, size, "line"))
        return read_delimiters;
    return NULL;
}

const arg_read_fn arg_readers[METHOD_TYPE_COUNT] = {
    [METHOD_TYPE_HANDLE] = read_handle,   [METHOD_TYPE_HOST] = read_host,
    [METHOD_TYPE_PORT] = read_port,       [METHOD_TYPE_SERVICE] = read_service,
    [METHOD_TYPE_BYTES] = read_bytes,     [METHOD_TYPE_WHAT] = read_what,
    [METHOD_TYPE_SIZE] = read_size,       [METHOD_TYPE_INT] = read_int,
    [METHOD_TYPE_AMOUNT] = read_amount,   [METHOD_TYPE_NAMES] = read_names,
    [METHOD_TYPE_MSGID] = read_msgid,     [METHOD_TYPE_BOOL] = read_bool,
    [METHOD_TYPE_STR] = arg_read_str,     [METHOD_TYPE_SYMBOL] = read_symbol,
    [METHOD_TYPE_FLAGS] = read_flags,     [METHOD_TYPE_EVENTS] = read_events,
    [METHOD_TYPE_VALUE] = read_value,     [METHOD_TYPE_TIMEOUT] = arg_read_timeout,
    [METHOD_TYPE_HANDLER] = read_handler, [METHOD_TYPE_MAP] = read_map,
};
