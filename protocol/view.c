/*
 * Reading MessagePack where it lies. See view.h.
 */
#include "protocol/view.h"

#include "protocol/head.h"

/* Reads the next head and, for str and bin, checks that the body is there. */
static inline bool read_head(const struct view *view, struct head *head)
{
    size_t left = view_left(view);

    if (left == 0 || head_read(head, view->at, left) > left)
        return false;
    if (head->kind == HEAD_STR || head->kind == HEAD_BIN)
        return head->number <= left - head->size;
    return head->kind != HEAD_INVALID;
}

/* The bytes between a head and the next value. */
static size_t body_size(const struct head *head)
{
    return head->kind == HEAD_STR || head->kind == HEAD_BIN ? (size_t)head->number : 0;
}

static double float_of_bits(uint32_t bits)
{
    float number;

    memcpy(&number, &bits, sizeof number);
    return (double)number;
}

static double double_of_bits(uint64_t bits)
{
    double number;

    memcpy(&number, &bits, sizeof number);
    return number;
}

static void set_integer(struct view_value *value, const struct head *head)
{
    value->integer = (int64_t)head->number;
    value->type = VIEW_INT;
    if (head->kind == HEAD_UNSIGNED && head->number > INT64_MAX)
        value->type = VIEW_UINT;
}

static void set_bytes(struct view_value *value, const struct head *head, const uint8_t *at)
{
    value->type = head->kind == HEAD_STR ? VIEW_STR : VIEW_BIN;
    value->bytes.data = (const char *)at + head->size;
    value->bytes.size = (uint32_t)head->number;
}

static void set_value(struct view_value *value, const struct head *head, const uint8_t *at)
{
    *value = (struct view_value){.type = VIEW_NIL};
    switch (head->kind) {
    case HEAD_FALSE:
    case HEAD_TRUE:
        value->type = VIEW_BOOL;
        value->boolean = head->kind == HEAD_TRUE;
        return;
    case HEAD_SIGNED:
    case HEAD_UNSIGNED:
        set_integer(value, head);
        return;
    case HEAD_FLOAT:
        value->type = VIEW_DOUBLE;
        value->number = float_of_bits((uint32_t)head->number);
        return;
    case HEAD_DOUBLE:
        value->type = VIEW_DOUBLE;
        value->number = double_of_bits(head->number);
        return;
    case HEAD_STR:
    case HEAD_BIN:
        set_bytes(value, head, at);
        return;
    case HEAD_ARRAY:
    case HEAD_MAP:
        value->type = head->kind == HEAD_ARRAY ? VIEW_ARRAY : VIEW_MAP;
        value->count = (uint32_t)head->number;
        return;
    case HEAD_NIL:
    case HEAD_INVALID:
        return;
    }
}

bool view_next(struct view *view, struct view_value *value)
{
    struct head head;

    if (!read_head(view, &head))
        return false;
    set_value(value, &head, view->at);
    view->at += head.size + body_size(&head);
    return true;
}

bool view_skip(struct view *view)
{
    struct view rest = *view;
    struct head head;

    for (uint64_t pending = 1; pending > 0; pending--) {
        if (!read_head(&rest, &head))
            return false;
        rest.at += head.size + body_size(&head);
        if (head.kind == HEAD_ARRAY)
            pending += head.number;
        else if (head.kind == HEAD_MAP)
            pending += 2 * head.number;
    }
    *view = rest;
    return true;
}

bool view_take(struct view *view, struct view *one)
{
    const uint8_t *start = view->at;

    if (!view_skip(view))
        return false;
    *one = (struct view){.at = start, .end = view->at};
    return true;
}

bool view_peek(const struct view *view, enum view_type *type)
{
    struct view copy = *view;
    struct view_value value;

    if (!view_next(&copy, &value))
        return false;
    *type = value.type;
    return true;
}

bool view_bool(struct view *view, bool *result)
{
    struct head head;

    if (!read_head(view, &head) || (head.kind != HEAD_TRUE && head.kind != HEAD_FALSE))
        return false;
    *result = head.kind == HEAD_TRUE;
    view->at += head.size;
    return true;
}

bool view_any_int(struct view *view, int64_t *result)
{
    struct head head;

    if (!read_head(view, &head))
        return false;
    if (head.kind != HEAD_SIGNED && (head.kind != HEAD_UNSIGNED || head.number > INT64_MAX))
        return false;
    *result = (int64_t)head.number;
    view->at += head.size;
    return true;
}

bool view_double(struct view *view, double *result)
{
    struct view rest = *view;
    struct view_value value;

    if (!view_next(&rest, &value))
        return false;
    switch (value.type) {
    case VIEW_DOUBLE:
        *result = value.number;
        break;
    case VIEW_INT:
        *result = (double)value.integer;
        break;
    case VIEW_UINT:
        *result = (double)value.unsigned_integer;
        break;
    default:
        return false;
    }
    *view = rest;
    return true;
}

/* The body of a str, or with `also` of that kind too. */
static inline bool read_body(struct view *view, enum head_kind also, const char **data,
                             size_t *size)
{
    struct head head;

    if (!read_head(view, &head) || (head.kind != HEAD_STR && head.kind != also))
        return false;
    *data = (const char *)view->at + head.size;
    *size = (size_t)head.number;
    view->at += head.size + (size_t)head.number;
    return true;
}

bool view_str(struct view *view, const char **data, size_t *size)
{
    return read_body(view, HEAD_STR, data, size);
}

bool view_bytes(struct view *view, const char **data, size_t *size)
{
    return read_body(view, HEAD_BIN, data, size);
}

static inline bool read_count(struct view *view, enum head_kind kind, uint32_t *count)
{
    struct head head;

    if (!read_head(view, &head) || head.kind != kind)
        return false;
    *count = (uint32_t)head.number;
    view->at += head.size;
    return true;
}

bool view_array(struct view *view, uint32_t *count)
{
    return read_count(view, HEAD_ARRAY, count);
}

bool view_map(struct view *view, uint32_t *pairs)
{
    return read_count(view, HEAD_MAP, pairs);
}

bool view_find(struct view view, const char *key, struct view *value)
{
    size_t wanted = strlen(key);
    uint32_t pairs;

    if (!view_map(&view, &pairs))
        return false;
    for (; pairs > 0; pairs--) {
        const char *name = NULL;
        size_t size = 0;
        bool is_str = view_str(&view, &name, &size);
        if ((!is_str && !view_skip(&view)) || !view_take(&view, value))
            return false;
        if (is_str && size == wanted && memcmp(name, key, size) == 0)
            return true;
    }
    return false;
}

const char *view_type_text(enum view_type type)
{
    static const char *const texts[] = {
        [VIEW_NIL] = "nil",         [VIEW_BOOL] = "a boolean",  [VIEW_INT] = "an integer",
        [VIEW_UINT] = "an integer", [VIEW_DOUBLE] = "a number", [VIEW_STR] = "a string",
        [VIEW_BIN] = "bytes",       [VIEW_ARRAY] = "an array",  [VIEW_MAP] = "a map",
    };

    return texts[type];
}
