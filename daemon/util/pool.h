/*
 * A pool of memory blocks for the bytes in flight: read-ahead, output, messages.
 *
 * Blocks have sizes of powers of two. All of them lie in one memfd, so that a process which hands
 * its sockets to a successor can hand over the bytes that belong to them by descriptor. A block
 * given back is kept for the next taker; the pages of large ones return to the kernel, but for
 * the mebibyte that was given back last.
 */
#pragma once

#include <stddef.h>

struct pool;

/* The smallest block, in bytes. */
#define POOL_BLOCK_MIN ((size_t)4096)

/* -ENOMEM, or what memfd_create(2) says. */
int pool_new(struct pool **out);

/* Every block must have been given back. */
void pool_free(struct pool *pool);

/*
 * A block of at least `size` bytes; its real size, which pool_give wants back, goes to `*actual`.
 * NULL when there is no memory.
 */
void *pool_take(struct pool *pool, size_t size, size_t *actual);
void pool_give(struct pool *pool, void *block, size_t actual);

/* Bytes in blocks taken and not yet given back. */
size_t pool_in_use(const struct pool *pool);
