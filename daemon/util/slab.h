/*
 * Small blocks of exactly the size asked for, for objects of which there are tens of thousands:
 * no header before each, no rounding but to eight bytes, and those of one size lie side by side.
 *
 * Whoever gives a block back says its size. Memory that is free altogether returns to the kernel,
 * but for a little that is kept for the next taker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Under AddressSanitizer each block comes from malloc(3), so that it is watched. */
#if defined(__SANITIZE_ADDRESS__)
#define SLAB_PLAIN true
#elif defined(__has_feature)
#define SLAB_PLAIN __has_feature(address_sanitizer)
#else
#define SLAB_PLAIN false
#endif

struct slabs;

/* The largest block, in bytes. */
#define SLAB_BLOCK_MAX ((size_t)512)

/* -ENOMEM. */
int slabs_new(struct slabs **out);

/* Every block must have been given back. NULL is allowed. */
void slabs_free(struct slabs *slabs);

/* A block of `size` bytes, 1 to SLAB_BLOCK_MAX: aligned to 16 bytes if `size` is a multiple of 16,
 * otherwise to 8. NULL when there is no memory. */
void *slabs_take(struct slabs *slabs, size_t size);

/* The same from a reserve of half a MiB, or a block of a larger size: where slabs_take has failed
 * and the taker does not survive it. */
void *slabs_take_last(struct slabs *slabs, size_t size);

/* `size` is what it was taken with, or less: LuaJIT, for one, forgets a part of what it was making
 * when memory ran out. */
void slabs_give(struct slabs *slabs, void *block, size_t size);

/* By how many bytes the sizes of blocks were understated since the last call, for those who count;
 * less what slabs_take_last gave more than was asked for, so it may be below zero, as SIZE_MAX is.
 */
size_t slabs_astray(struct slabs *slabs);

/* Bytes of memory that are taken from the kernel, whoever has them. */
size_t slabs_mapped(const struct slabs *slabs);
