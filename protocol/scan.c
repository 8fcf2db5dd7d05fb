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
#include <stdbool.h>

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

/* Goes through the values that are there. */
static enum scan_verdict scan_values(struct scan *scan, const void *message, size_t available)
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

/* ---- messages without nesting ---- */

/* Of a value whose length is its second byte. */
enum { NEXT_BYTE = UINT8_MAX };

/* By first byte: the bytes of a whole value that contains no others and whose size that byte tells;
 * NEXT_BYTE; 0 for any other. */
static const uint8_t flat_sizes[256] = {
    [0xc4] = NEXT_BYTE, [0xd9] = NEXT_BYTE, [0x00 ... 0x7f] = 1, [0xe0 ... 0xff] = 1, [0xc0] = 1,
    [0xc2] = 1,         [0xc3] = 1,         [0xca] = 5,          [0xcb] = 9,          [0xcc] = 2,
    [0xcd] = 3,         [0xce] = 5,         [0xcf] = 9,          [0xd0] = 2,          [0xd1] = 3,
    [0xd2] = 5,         [0xd3] = 9,         [0xa0] = 1,          [0xa1] = 2,          [0xa2] = 3,
    [0xa3] = 4,         [0xa4] = 5,         [0xa5] = 6,          [0xa6] = 7,          [0xa7] = 8,
    [0xa8] = 9,         [0xa9] = 10,        [0xaa] = 11,         [0xab] = 12,         [0xac] = 13,
    [0xad] = 14,        [0xae] = 15,        [0xaf] = 16,         [0xb0] = 17,         [0xb1] = 18,
    [0xb2] = 19,        [0xb3] = 20,        [0xb4] = 21,         [0xb5] = 22,         [0xb6] = 23,
    [0xb7] = 24,        [0xb8] = 25,        [0xb9] = 26,         [0xba] = 27,         [0xbb] = 28,
    [0xbc] = 29,        [0xbd] = 30,        [0xbe] = 31,         [0xbf] = 32,
};

/* The bytes of the flat value that begins there, of which some are there; 0 if it is none. */
static inline size_t flat_size(const uint8_t *at, size_t available)
{
    size_t size = flat_sizes[at[0]];
    if (size < NEXT_BYTE)
        return size;
    return available > 1 ? (size_t)2 + at[1] : 0;
}

/* Moves over so many values; false at one that is not flat, or not there. */
static inline bool pass_flat(const uint8_t *bytes, size_t available, size_t *at, unsigned count)
{
    for (; count > 0; count--) {
        size_t size = *at < available ? flat_size(bytes + *at, available - *at) : 0;
        if (size == 0)
            return false;
        *at += size;
    }
    return true;
}

/* The size of a message that is an array of flat values and of one more array of such at its end,
 * as nearly all are; 0 for any other, and for one that is not all there or near a limit. */
static size_t measure_flat(const struct scan_limits *limits, const uint8_t *bytes, size_t available)
{
    enum { ARRAY = 0x90, MOST = 15, LONGEST = 1 + 2 * MOST * (2 + UINT8_MAX) };
    unsigned count = bytes[0] ^ ARRAY;
    size_t at = 1;

    if (count < 1 || count > MOST || limits->depth < 2 || limits->elements < 1 + 2 * MOST ||
        limits->message < LONGEST || !pass_flat(bytes, available, &at, count - 1) ||
        at >= available)
        return 0;
    count = bytes[at++] ^ ARRAY;
    if (count > MOST || !pass_flat(bytes, available, &at, count) || at > available)
        return 0;
    return at;
}

enum scan_verdict scan_step(struct scan *scan, const void *message, size_t available)
{
    if (scan->offset == 0 && !scan->reason && available > 0) {
        size_t size = measure_flat(scan->limits, message, available);
        if (size > 0) {
            scan->offset = scan->size = size;
            scan->pending = 0;
            return SCAN_WHOLE;
        }
    }
    return scan_values(scan, message, available);
}
