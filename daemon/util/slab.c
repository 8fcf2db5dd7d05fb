/*
 * Blocks of one size are cut from slabs: 64 KiB that begin at a multiple of their size, so that a
 * block tells its slab by its address. The slabs of a size that have room stand in a list; one that
 * is full stands in none, until a block of it is given back.
 *
 * What was never taken is not touched: a slab of which few blocks are in use holds few pages. So a
 * few slabs can be held in reserve, for blocks that somebody cannot do without when the kernel has
 * no more: they cost addresses only.
 */
#include "util/slab.h"

#include "util/error.h"
#include "util/list.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { SLABS_MAGIC = 0x736c6162 };

#define SLAB_SIZE     ((size_t)64 << 10)
#define SLAB_UNIT     ((size_t)8)
#define SLAB_CLASSES  (SLAB_BLOCK_MAX / SLAB_UNIT)

/* How many slabs without a block in use are kept. */
#define SLAB_KEPT_MAX 8

/* How many are in reserve. */
#define SLAB_RESERVE  8

struct slab_block {
    struct slab_block *next;
};

struct slab {
    _Alignas(16) struct list link; /* among those of its size with room, or among the kept */
    struct slab_block *free;       /* given back */
    uint32_t fresh;                /* where the blocks begin that were never taken */
    uint32_t size;                 /* of a block */
    uint32_t used, room;           /* blocks */
};

struct slabs {
    unsigned magic;
    unsigned kept_count, reserve_count;
    size_t mapped; /* without the reserve */
    size_t astray;
    struct list kept, reserve;
    struct list with_room[SLAB_CLASSES];
};

/* ---- slabs from the kernel ---- */

/* A mapping that begins where it should. Most do at once: the kernel puts one below the other. */
static void *slab_map(void)
{
    int protection = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    uint8_t *memory = mmap(NULL, SLAB_SIZE, protection, flags, -1, 0);
    if (memory == MAP_FAILED || (uintptr_t)memory % SLAB_SIZE == 0)
        return memory != MAP_FAILED ? memory : NULL;
    munmap(memory, SLAB_SIZE);
    memory = mmap(NULL, 2 * SLAB_SIZE, protection, flags, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    size_t before = SLAB_SIZE - (uintptr_t)memory % SLAB_SIZE;
    munmap(memory + before + SLAB_SIZE, SLAB_SIZE - before);
    if (before > 0)
        munmap(memory, before);
    return memory + before;
}

/* As far as the kernel has any. */
static void slab_fill_reserve(struct slabs *slabs)
{
    for (; slabs->reserve_count < SLAB_RESERVE; slabs->reserve_count++) {
        struct slab *slab = slab_map();
        if (slab == NULL)
            return;
        list_prepend(&slabs->reserve, &slab->link);
    }
}

static struct slab *slab_obtain(struct slabs *slabs)
{
    struct list *kept = list_shift(&slabs->kept);
    if (kept != NULL) {
        slabs->kept_count--;
        return CONTAINER_OF(kept, struct slab, link);
    }
    struct slab *slab = slab_map();
    if (slab == NULL)
        return NULL;
    slabs->mapped += SLAB_SIZE;
    slab_fill_reserve(slabs);
    return slab;
}

static struct slab *slab_obtain_last(struct slabs *slabs)
{
    struct list *reserved = list_shift(&slabs->reserve);
    if (reserved == NULL)
        return NULL;
    slabs->reserve_count--;
    slabs->mapped += SLAB_SIZE;
    return CONTAINER_OF(reserved, struct slab, link);
}

static void slab_unmap(struct slabs *slabs, struct slab *slab)
{
    munmap(slab, SLAB_SIZE);
    slabs->mapped -= SLAB_SIZE;
}

/* ---- life ---- */

int slabs_new(struct slabs **out)
{
    struct slabs *slabs = calloc(1, sizeof(*slabs));
    if (slabs == NULL)
        return -ENOMEM;
    slabs->magic = SLABS_MAGIC;
    list_init(&slabs->kept);
    list_init(&slabs->reserve);
    if (!SLAB_PLAIN)
        slab_fill_reserve(slabs);
    for (size_t i = 0; i < SLAB_CLASSES; i++)
        list_init(&slabs->with_room[i]);
    *out = slabs;
    return 0;
}

void slabs_free(struct slabs *slabs)
{
    if (slabs == NULL)
        return;
    MAGIC_CHECK(slabs, SLABS_MAGIC);
    for (struct list *kept; (kept = list_shift(&slabs->kept)) != NULL;)
        slab_unmap(slabs, CONTAINER_OF(kept, struct slab, link));
    CHECK(slabs->mapped == 0);
    for (struct list *kept; (kept = list_shift(&slabs->reserve)) != NULL;)
        munmap(CONTAINER_OF(kept, struct slab, link), SLAB_SIZE);
    slabs->magic = 0;
    free(slabs);
}

size_t slabs_mapped(const struct slabs *slabs)
{
    return slabs->mapped;
}

/* ---- blocks ---- */

static struct list *slab_list(struct slabs *slabs, size_t size)
{
    return &slabs->with_room[(size - 1) / SLAB_UNIT];
}

static struct slab *slab_of(void *block)
{
    return (struct slab *)(void *)((char *)block - (uintptr_t)block % SLAB_SIZE);
}

/* Makes it one for blocks of this size, in their list. */
static struct slab *slab_begin(struct slabs *slabs, struct slab *slab, size_t size)
{
    size_t rounded = (size + SLAB_UNIT - 1) / SLAB_UNIT * SLAB_UNIT;
    *slab = (struct slab){
        .fresh = sizeof(*slab),
        .size = (uint32_t)rounded,
        .room = (uint32_t)((SLAB_SIZE - sizeof(*slab)) / rounded),
    };
    list_prepend(slab_list(slabs, size), &slab->link);
    return slab;
}

COLD static struct slab *slab_new(struct slabs *slabs, size_t size)
{
    struct slab *slab = slab_obtain(slabs);
    return slab != NULL ? slab_begin(slabs, slab, size) : NULL;
}

/* No block of it is in use. */
COLD static void slab_rest(struct slabs *slabs, struct slab *slab)
{
    list_unlink(&slab->link);
    if (slabs->reserve_count < SLAB_RESERVE) {
        list_prepend(&slabs->reserve, &slab->link);
        slabs->reserve_count++;
        slabs->mapped -= SLAB_SIZE;
        return;
    }
    if (slabs->kept_count >= SLAB_KEPT_MAX) {
        slab_unmap(slabs, slab);
        return;
    }
    list_prepend(&slabs->kept, &slab->link);
    slabs->kept_count++;
}

static void *slab_cut(struct slab *slab)
{
    struct slab_block *block = slab->free;
    if (block != NULL) {
        slab->free = block->next;
    } else {
        block = (struct slab_block *)(void *)((char *)slab + slab->fresh);
        slab->fresh += slab->size;
    }
    return block;
}

static void *slab_take(struct slab *slab)
{
    if (++slab->used == slab->room)
        list_unlink(&slab->link);
    return slab_cut(slab);
}

void *slabs_take(struct slabs *slabs, size_t size)
{
    if (SLAB_PLAIN)
        return malloc(size);
    CHECK(size - 1 < SLAB_BLOCK_MAX);
    struct list *node = slab_list(slabs, size)->next;
    struct slab *slab = CONTAINER_OF(node, struct slab, link);
    if (node == slab_list(slabs, size))
        slab = slab_new(slabs, size);
    return slab != NULL ? slab_take(slab) : NULL;
}

/* The room for larger blocks comes last, since it is one block for one. */
static struct slab *slab_find_larger(struct slabs *slabs, size_t size)
{
    for (size_t larger = size + SLAB_UNIT; larger <= SLAB_BLOCK_MAX; larger += SLAB_UNIT)
        if (!list_empty(slab_list(slabs, larger)))
            return CONTAINER_OF(slab_list(slabs, larger)->next, struct slab, link);
    return NULL;
}

void *slabs_take_last(struct slabs *slabs, size_t size)
{
    if (SLAB_PLAIN)
        return NULL;
    struct slab *slab = slab_obtain_last(slabs);
    slab = slab != NULL ? slab_begin(slabs, slab, size) : slab_find_larger(slabs, size);
    if (slab == NULL)
        return NULL;
    if (slab->size - size >= SLAB_UNIT)
        slabs->astray -= slab->size - size;
    return slab_take(slab);
}

void slabs_give(struct slabs *slabs, void *block, size_t size)
{
    if (SLAB_PLAIN) {
        free(block);
        return;
    }
    struct slab *slab = slab_of(block);
    struct slab_block *freed = block;
    CHECK(slab->used > 0 && slab->size >= size);
    if (__builtin_expect(slab->size - size >= SLAB_UNIT, 0))
        slabs->astray += slab->size - size;
    freed->next = slab->free;
    slab->free = freed;
    if (slab->used-- == slab->room)
        list_prepend(slab_list(slabs, slab->size), &slab->link);
    if (slab->used == 0)
        slab_rest(slabs, slab);
}

size_t slabs_astray(struct slabs *slabs)
{
    size_t astray = slabs->astray;
    slabs->astray = 0;
    return astray;
}
