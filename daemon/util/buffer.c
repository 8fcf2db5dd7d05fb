/*
 * A queue of bytes in one block of a pool. See buffer.h.
 */
#include "util/buffer.h"

#include <string.h>

/* Moves the bytes to a block of at least `size`, leaving `front` bytes free before them. The pool's
 * blocks have sizes of powers of two, so that none for so many is larger than BUFFER_MAX. */
static int buffer_move(struct buffer *buffer, struct pool *pool, size_t size, size_t front)
{
    size_t actual;
    uint8_t *memory = size <= BUFFER_MAX ? pool_take(pool, size, &actual) : NULL;
    if (memory == NULL)
        return -ENOMEM;
    size_t length = buffer_length(buffer);
    if (length > 0)
        memcpy(memory + front, buffer_data(buffer), length);
    buffer_deinit(buffer, pool);
    *buffer = (struct buffer){
        .memory = memory,
        .size = (uint32_t)actual,
        .start = (uint32_t)front,
        .end = (uint32_t)(front + length),
    };
    return 0;
}

static void buffer_shift(struct buffer *buffer, size_t front)
{
    size_t length = buffer_length(buffer);
    memmove(buffer->memory + front, buffer_data(buffer), length);
    buffer->start = (uint32_t)front;
    buffer->end = (uint32_t)(front + length);
}

int buffer_reserve(struct buffer *buffer, struct pool *pool, size_t room)
{
    if (buffer_room(buffer) >= room)
        return 0;
    size_t length = buffer_length(buffer);
    if (room > BUFFER_MAX - length)
        return -ENOMEM;
    /* Shifting costs its length: only when at least as much has been consumed, so that the cost
     * stays in proportion to the bytes that went through. */
    if (buffer->start >= length && buffer->size - length >= room) {
        buffer_shift(buffer, 0);
        return 0;
    }
    return buffer_move(buffer, pool, length + room, 0);
}

void buffer_lend(struct buffer *buffer, void *memory, size_t size)
{
    CHECK(size <= BUFFER_MAX);
    if (buffer->memory == NULL)
        *buffer = (struct buffer){.memory = memory, .size = (uint32_t)size, .lent = true};
}

int buffer_keep(struct buffer *buffer, struct pool *pool)
{
    size_t length = buffer_length(buffer);
    if (!buffer->lent)
        return 0;
    if (length > 0)
        return buffer_move(buffer, pool, length, 0);
    buffer_deinit(buffer, pool);
    return 0;
}

void buffer_settle(struct buffer *buffer, struct pool *pool)
{
    size_t length = buffer_length(buffer);
    if (buffer->size > POOL_BLOCK_MIN && length <= buffer->size / 8)
        (void)buffer_move(buffer, pool, length, 0);
}

int buffer_append(struct buffer *buffer, struct pool *pool, const void *data, size_t length)
{
    if (length == 0)
        return 0;
    int error = buffer_reserve(buffer, pool, length);
    if (error < 0)
        return error;
    memcpy(buffer_tail(buffer), data, length);
    buffer_commit(buffer, length);
    return 0;
}

int buffer_prepend(struct buffer *buffer, struct pool *pool, const void *data, size_t length)
{
    if (length == 0)
        return 0;
    if (length > BUFFER_MAX - buffer_length(buffer))
        return -ENOMEM;
    size_t total = buffer_length(buffer) + length;
    if (buffer->start < length) {
        if (buffer->size >= total) {
            buffer_shift(buffer, buffer->size - buffer_length(buffer));
        } else {
            int error = buffer_move(buffer, pool, total, length);
            if (error < 0)
                return error;
        }
    }
    buffer->start -= (uint32_t)length;
    memcpy(buffer_data(buffer), data, length);
    return 0;
}
