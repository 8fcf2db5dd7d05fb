/*
 * What a client has sent and nobody has looked at yet: bytes in one buffer, followed by a scan
 * that finds whole messages without trusting any length that is announced. Between messages it
 * holds no memory.
 *
 * All clients share one block for what they send, each during its turn, from input_lend to
 * input_rest; only a message that has not come whole by then gets memory of its own.
 */
#pragma once

#include "protocol/scan.h"
#include "rpc/passed.h"
#include "util/buffer.h"
#include "util/quota.h"

#include <stdbool.h>
#include <sys/types.h>

struct input {
    struct buffer buffer;
    struct scan scan;
    struct pool *pool;
    struct quota_user *user; /* borrowed */
    size_t charged;
    uint64_t position; /* in the stream, of the first byte in the buffer */
    struct passed passed;
    void *lent; /* NULL: nothing */
    size_t lent_size;
    bool more; /* the last receive filled its room, so that there may be more */
};

void input_init(struct input *input, struct pool *pool, struct quota_user *user);
void input_deinit(struct input *input);

/* The memory that it may use until input_rest. */
void input_lend(struct input *input, void *memory, size_t size);

/*
 * One receive. Returns the number of bytes, 0 at the end of the stream, -EAGAIN, -EDQUOT when the
 * user may hold no more, or what recvmsg(2) says.
 */
ssize_t input_receive(struct input *input, int fd);

/* The next message's bytes, which stay where they are until it is consumed. */
enum scan_verdict input_next(struct input *input, const void **message, size_t *size);
void input_consume(struct input *input, size_t size);

/* The descriptor that came with the next message, of `size` bytes: for the caller to close. What is
 * not taken is closed when the message is consumed. -ENOENT, -E2BIG, -EMFILE (passed.h). */
int input_take_descriptor(struct input *input, size_t size);

/* Drops all there is. */
void input_discard(struct input *input);

/* Nothing is going to happen for a while: keeps no more memory than the bytes need, and none that
 * was lent. -ENOMEM: the bytes could not be kept. */
int input_rest(struct input *input);

static inline size_t input_length(const struct input *input)
{
    return buffer_length(&input->buffer);
}
