/*
 * The check that every received byte passes before anything is allocated for it.
 *
 * A scan follows one MessagePack value through the bytes as they arrive and says where it ends,
 * or why it can never be accepted. It keeps no copy, allocates nothing and looks at a byte once,
 * however the bytes arrive: its only memory is how many values each open container still awaits.
 * The buffer with the message belongs to the caller.
 */
#ifndef PROTOCOL_SCAN_H
#define PROTOCOL_SCAN_H

#include "protocol/limits.h"

#include <stddef.h>
#include <stdint.h>

/* What the scan holds a message to. The depth is at most LIMIT_DEPTH. */
struct scan_limits {
    size_t message;    /* bytes */
    uint32_t depth;    /* open containers */
    uint32_t elements; /* values, map keys included */
};

extern const struct scan_limits scan_default_limits;

enum scan_verdict {
    SCAN_WHOLE, /* one message, size bytes long, is there */
    SCAN_MORE,  /* what is there is right so far, and not all; at least need bytes will be */
    SCAN_BAD,   /* this can never become an acceptable message; reason says why */
};

struct scan {
    const struct scan_limits *limits;
    size_t offset;     /* how much of the message has been looked at, bodies skipped included */
    size_t pending;    /* values announced and not begun; each takes one byte or more */
    uint32_t elements; /* values begun or announced */
    uint32_t depth;    /* open containers */
    size_t size;       /* after SCAN_WHOLE: bytes in the message */
    size_t need; /* after SCAN_MORE: a lower bound of the message's size, above what is there */
    const char *reason;         /* after SCAN_BAD: a static sentence */
    uint32_t left[LIMIT_DEPTH]; /* values that each open container still awaits */
};

/* Starts a scan at the first byte of a message. The limits must outlive it. */
void scan_init(struct scan *scan, const struct scan_limits *limits);

/*
 * Goes on with the scan. message is the message's first byte (it may have moved since the last
 * call) and available the number of bytes from there, never less than at the last call; they may
 * reach into the next message. After SCAN_WHOLE, start over with scan_init() at message + size.
 * After SCAN_BAD the scan stays bad.
 */
enum scan_verdict scan_step(struct scan *scan, const void *message, size_t available);

#endif
