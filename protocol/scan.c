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

static enum scan_verdict bad(struct scan *scan, const char *reason)
{
    scan->reason = reason;
    return SCAN_BAD;
}

/* One value has been read whole: the containers that it was the last of end with it. */
static void close_containers(struct scan *scan)
{
    while (scan->depth > 0 && --scan->left[scan->depth - 1] == 0)
        scan->depth--;
}

/* Opens a container of that many values; NULL, or why it is not acceptable. */
static const char *open_container(struct scan *scan, uint64_t values)
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
    scan->pending += (size_t)values;
    return NULL;
}

/* Takes in one value's head; NULL, or why it is not acceptable. */
static const char *take(struct scan *scan, const struct head *head)
{
    const char *reason = NULL;
    uint64_t body = 0;

    switch (head->kind) {
    case HEAD_ARRAY:
        reason = open_container(scan, head->number);
        break;
    case HEAD_MAP:
        reason = open_container(scan, 2 * head->number);
        break;
    case HEAD_STR:
    case HEAD_BIN:
        body = head->number;
        close_containers(scan);
        break;
    default:
        close_containers(scan);
        break;
    }
    if (reason)
        return reason;

    scan->pending--;
    scan->offset += head->size + (size_t)body;
    return scan->offset + scan->pending > scan->limits->message ? "message too long" : NULL;
}

static enum scan_verdict need(struct scan *scan, size_t bytes)
{
    scan->need = bytes;
    return SCAN_MORE;
}

enum scan_verdict scan_step(struct scan *scan, const void *message, size_t available)
{
    const uint8_t *bytes = message;
    struct head head;

    if (scan->reason)
        return SCAN_BAD;
    while (scan->pending > 0) {
        if (scan->offset >= available)
            return need(scan, scan->offset + scan->pending);
        size_t size = head_read(&head, bytes + scan->offset, available - scan->offset);
        if (head.kind == HEAD_INVALID)
            return bad(scan, "not MessagePack, or an extension type");
        if (size > available - scan->offset)
            return need(scan, scan->offset + size + scan->pending - 1);
        const char *reason = take(scan, &head);
        if (reason)
            return bad(scan, reason);
    }
    if (scan->offset > available)
        return need(scan, scan->offset);
    scan->size = scan->offset;
    return SCAN_WHOLE;
}
