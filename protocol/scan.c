/*
 * The bounded check of received bytes. See scan.h.
 *
 * The value is followed by counting: pending is how many values are announced and not begun, and
 * the message ends when it reaches zero. The stack of what each container awaits serves only to
 * know the depth.
 */
#include "protocol/scan.h"

#include "protocol/head.h"

#include <assert.h>

const struct scan_limits scan_default_limits = {
    .message = LIMIT_MESSAGE,
    .depth = LIMIT_DEPTH,
    .elements = LIMIT_ELEMENTS,
};

void scan_init(struct scan *scan, const struct scan_limits *limits)
{
    assert(limits->depth <= LIMIT_DEPTH);
    scan->limits = limits;
    scan->offset = 0;
    scan->pending = 1;
    scan->elements = 1;
    scan->depth = 0;
    scan->size = 0;
    scan->need = 1;
    scan->reason = NULL;
}

/* One value has been read whole: the containers that it was the last of end with it. */
static inline void close_containers(struct scan *scan)
{
    while (scan->depth > 0 && --scan->left[scan->depth - 1] == 0)
        scan->depth--;
}

/* Opens a container of that many values; NULL, or why it is not acceptable. */
static inline const char *open_container(struct scan *scan, uint64_t values)
{
    if (scan->depth >= scan->limits->depth)
        return "nested too deeply";
    if (values == 0) {
        close_containers(scan);
        return NULL;
    }
    if (values > scan->limits->elements - scan->elements)
        return "too many values";
    scan->left[scan->depth++] = (uint32_t)values;
    scan->elements += (uint32_t)values;
    return NULL;
}

/* How far a step has come: the scan's own offset and pending, while it runs. */
struct progress {
    size_t offset;
    size_t pending;
    size_t need; /* once it has run out of bytes */
};

/* Takes in a value that contains others; NULL, or why it is not acceptable. */
static inline const char *take_container(struct scan *scan, struct progress *at,
                                         const struct head *head)
{
    uint64_t values = head->kind == HEAD_MAP ? 2 * head->number : head->number;
    const char *reason = open_container(scan, values);

    at->pending += reason ? 0 : (size_t)values;
    at->offset += head->size;
    return reason;
}

/* Takes in the next value's head; NULL, or why it is not acceptable. */
static inline const char *take(struct scan *scan, struct progress *at, const uint8_t *bytes,
                               size_t available)
{
    struct head head;
    size_t size = head_read(&head, bytes + at->offset, available - at->offset);
    const char *reason = NULL;

    if (head.kind == HEAD_INVALID)
        return "not MessagePack, or an extension type";
    if (size > available - at->offset) {
        at->need = at->offset + size + at->pending - 1;
        return NULL;
    }
    if (head.kind >= HEAD_ARRAY) {
        reason = take_container(scan, at, &head);
    } else {
        at->offset += size + (head.kind >= HEAD_STR ? (size_t)head.number : 0);
        close_containers(scan);
    }
    at->pending--;
    if (!reason && at->offset + at->pending > scan->limits->message)
        reason = "message too long";
    return reason;
}

enum scan_verdict scan_step(struct scan *scan, const void *message, size_t available)
{
    struct progress at = {.offset = scan->offset, .pending = scan->pending};

    while (at.pending > 0 && !scan->reason && at.need == 0) {
        if (at.offset >= available)
            at.need = at.offset + at.pending;
        else
            scan->reason = take(scan, &at, message, available);
    }
    if (scan->reason)
        return SCAN_BAD;
    if (at.need == 0 && at.offset > available)
        at.need = at.offset;
    scan->offset = at.offset;
    scan->pending = at.pending;
    scan->need = at.need;
    scan->size = at.offset;
    return at.need > 0 ? SCAN_MORE : SCAN_WHOLE;
}
