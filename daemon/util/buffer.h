/*
 * A queue of bytes, contiguous in one block of a pool. It holds no memory while it is empty.
 *
 * Bytes are appended in two steps, so that a system call can put them where they stay: reserve
 * room, then commit what arrived. They are taken from the front by consume.
 *
 * Each connection has one, so it is kept small: its sizes have 32 bits.
 */
#pragma once

#include "util/error.h"
#include "util/pool.h"

#include <stdbool.h>
#include <stdint.h>

/* How many bytes one can hold at most: no string of Lua's has more. */
#define BUFFER_MAX ((size_t)1 << 31)

struct buffer {
    uint8_t *memory; /* NULL while empty */
    uint32_t size;   /* of the block, at most BUFFER_MAX */
    uint32_t start, end;
    bool lent; /* the memory is somebody else's: buffer_lend */
};

static inline void buffer_deinit(struct buffer *buffer, struct pool *pool)
{
    if (buffer->memory != NULL && !buffer->lent)
        pool_give(pool, buffer->memory, buffer->size);
    *buffer = (struct buffer){0};
}

/* The bytes, which the variable owns no longer. */
#define STEAL_BUFFER(variable)              \
    __extension__({                         \
        struct buffer stolen_ = (variable); \
        (variable) = (struct buffer){0};    \
        stolen_;                            \
    })

static inline size_t buffer_length(const struct buffer *buffer)
{
    return buffer->end - buffer->start;
}

static inline uint8_t *buffer_data(const struct buffer *buffer)
{
    return buffer->memory + buffer->start;
}

/* Room behind the last byte; valid after a reserve. */
static inline uint8_t *buffer_tail(const struct buffer *buffer)
{
    return buffer->memory + buffer->end;
}

static inline size_t buffer_room(const struct buffer *buffer)
{
    return buffer->size - buffer->end;
}

/* Makes room for at least `room` more bytes behind the last one. -ENOMEM, also beyond BUFFER_MAX.
 * Pointers into the buffer are void afterwards. */
int buffer_reserve(struct buffer *buffer, struct pool *pool, size_t room);

/* `length` of the reserved bytes are filled now. */
static inline void buffer_commit(struct buffer *buffer, size_t length)
{
    CHECK(length <= buffer_room(buffer));
    buffer->end += (uint32_t)length;
}

/* Gives the block back when there is nothing in it: after a reserve that stayed unused. */
static inline void buffer_release_if_empty(struct buffer *buffer, struct pool *pool)
{
    if (buffer->start == buffer->end)
        buffer_deinit(buffer, pool);
}

/* Drops `length` bytes from the front; the last one takes the block with it. */
static inline void buffer_consume(struct buffer *buffer, struct pool *pool, size_t length)
{
    CHECK(length <= buffer_length(buffer));
    buffer->start += (uint32_t)length;
    buffer_release_if_empty(buffer, pool);
}

/*
 * Lets an empty buffer without a block use this memory first, which saves it the pool for what is
 * gone again in a moment. Before somebody else needs the memory, buffer_keep moves what is left
 * into a block: 0, or -ENOMEM, and nothing has changed.
 */
void buffer_lend(struct buffer *buffer, void *memory, size_t size);
int buffer_keep(struct buffer *buffer, struct pool *pool);

/* The memory of the pool that it holds. */
static inline size_t buffer_held(const struct buffer *buffer)
{
    return buffer->lent ? 0 : buffer->size;
}

/* Moves few bytes out of a much larger block, for a buffer that is going to rest. Failing to is
 * harmless. */
void buffer_settle(struct buffer *buffer, struct pool *pool);

/* Copies bytes behind the last one, or before the first. -ENOMEM, and nothing has changed. */
int buffer_append(struct buffer *buffer, struct pool *pool, const void *data, size_t length);
int buffer_prepend(struct buffer *buffer, struct pool *pool, const void *data, size_t length);
