/*
 * Reading MessagePack where it lies: a cursor over bytes, nothing copied, nothing allocated.
 *
 * The bytes should have passed a scan. A view never reads beyond its end even if they have not;
 * what does not fit is reported as no value. Whatever a value points to lives as long as the
 * bytes do.
 */
#ifndef PROTOCOL_VIEW_H
#define PROTOCOL_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A cursor: the next value begins at at; nothing is read from end on. */
struct view {
    const uint8_t *at;
    const uint8_t *end;
};

enum view_type {
    VIEW_NIL,
    VIEW_BOOL,
    VIEW_INT,  /* an integer that fits int64_t */
    VIEW_UINT, /* one beyond INT64_MAX */
    VIEW_DOUBLE,
    VIEW_STR,
    VIEW_BIN,
    VIEW_ARRAY,
    VIEW_MAP,
};

/* The head of a value. */
struct view_value {
    enum view_type type;
    union {
        bool boolean;
        int64_t integer;
        uint64_t unsigned_integer;
        double number;
        struct {
            const char *data; /* not terminated */
            uint32_t size;
        } bytes;        /* of VIEW_STR and VIEW_BIN */
        uint32_t count; /* of VIEW_ARRAY and VIEW_MAP: values; pairs of them */
    };
};

static inline struct view view_of(const void *bytes, size_t size)
{
    return (struct view){.at = bytes, .end = (const uint8_t *)bytes + size};
}

static inline size_t view_left(const struct view *view)
{
    return (size_t)(view->end - view->at);
}

/*
 * Reads the next value's head and moves on: behind a scalar, a string or a binary; to the first
 * element of an array or a map, whose elements then follow one by one. False at the end, and for
 * anything that is not accepted on the wire.
 */
bool view_next(struct view *view, struct view_value *value);

/* Moves behind the next value, with all that it contains. False if it is not all there. */
bool view_skip(struct view *view);

/* As view_skip(), and makes one a view of the value that was skipped. */
bool view_take(struct view *view, struct view *one);

/* Whether the next value is nil; then moves behind it. */
static inline bool view_skip_nil(struct view *view)
{
    bool is_nil = view->at < view->end && *view->at == 0xc0;

    view->at += is_nil;
    return is_nil;
}

/* The next value's type without moving, for a choice by type. False at the end. */
bool view_peek(const struct view *view, enum view_type *type);

/* Each reads the next value if it is of that type; otherwise it is false and nothing has moved.
 * A double takes integers too; bytes are str or bin. */
bool view_bool(struct view *view, bool *result);
bool view_any_int(struct view *view, int64_t *result);
bool view_double(struct view *view, double *result);
bool view_str(struct view *view, const char **data, size_t *size);
bool view_bytes(struct view *view, const char **data, size_t *size);
bool view_array(struct view *view, uint32_t *count);
bool view_map(struct view *view, uint32_t *pairs);

/* Most integers are small: their first byte is the number. */
static inline bool view_int(struct view *view, int64_t *result)
{
    if (view->at >= view->end || *view->at > 0x7f)
        return view_any_int(view, result);
    *result = *view->at++;
    return true;
}

/* Whether the next value's first byte is one of a map. */
static inline bool view_at_map(const struct view *view)
{
    return view->at < view->end &&
           ((*view->at & 0xf0) == 0x80 || *view->at == 0xde || *view->at == 0xdf);
}

/* In a view that stands before a map: makes value a view of the value under that key and returns
 * true. The view itself does not move. */
bool view_find(struct view view, const char *key, struct view *value);

/* "nil", "a boolean", "an integer" …, for messages. */
const char *view_type_text(enum view_type type);

#endif
