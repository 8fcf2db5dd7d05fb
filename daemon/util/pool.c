/*
 * A pool of power-of-two blocks in one memfd.
 *
 * Small blocks are cut from slabs; a large block is a mapping of its own. Nothing is unmapped
 * before the end: a free block waits in the list of its size, linked through its own first bytes.
 * A large one has its other pages removed, but for a few blocks that stay warm: resting memory is
 * what small blocks peaked at, and POOL_WARM.
 */
#include "util/pool.h"

#include "util/cleanup.h"
#include "util/error.h"
#include "util/list.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    POOL_MAGIC = 0x706f6f6c,
    POOL_CLASS_MIN = 12, /* 4 KiB */
    POOL_CLASS_MAX = 40,
    POOL_CLASS_COUNT = POOL_CLASS_MAX - POOL_CLASS_MIN + 1,
    POOL_CLASS_LARGE = 18, /* from 256 KiB on a block has its own mapping */
};

#define POOL_SLAB_SIZE ((size_t)1 << 20)

/* Large blocks keep their pages while they are free, up to so many bytes together, the ones given
 * last: whoever moves bytes in bulk takes and gives them all the time, and each page would cost a
 * fault each time. */
#define POOL_WARM      ((size_t)1 << 20)

struct pool_free_block {
    struct pool_free_block *next;
    struct list warm; /* among the pool's, if it is a large one that has kept its pages */
    size_t size;
};

/* What has been mapped, for the end. */
struct pool_mapping {
    struct pool_mapping *next;
    void *memory;
    size_t size;
};

struct pool {
    unsigned magic;
    int fd;
    off_t size; /* of the memfd */
    size_t in_use;
    struct list warm; /* free blocks that are, the one given last first */
    size_t warm_size;
    struct pool_mapping *mappings;
    struct pool_free_block *free[POOL_CLASS_COUNT];
};

int pool_new(struct pool **out)
{
    struct pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return -ENOMEM;
    pool->magic = POOL_MAGIC;
    pool->fd = memfd_create("sockd-bytes", MFD_CLOEXEC);
    if (pool->fd < 0) {
        int error = -errno;
        free(pool);
        return error;
    }
    list_init(&pool->warm);
    *out = pool;
    return 0;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL)
        return;
    MAGIC_CHECK(pool, POOL_MAGIC);
    CHECK(pool->in_use == 0);
    while (pool->mappings != NULL) {
        struct pool_mapping *mapping = pool->mappings;
        pool->mappings = mapping->next;
        munmap(mapping->memory, mapping->size);
        free(mapping);
    }
    close(pool->fd);
    pool->magic = 0;
    free(pool);
}

/* The class whose blocks hold `size` bytes; POOL_CLASS_MAX + 1 when none does. */
static int pool_class(size_t size)
{
    if (size <= POOL_BLOCK_MIN)
        return POOL_CLASS_MIN;
    if (size > (size_t)1 << POOL_CLASS_MAX)
        return POOL_CLASS_MAX + 1;
    return 64 - __builtin_clzl(size - 1);
}

/* Appends `size` bytes to the memfd and maps them. NULL when there is no memory. */
static void *pool_map(struct pool *pool, size_t size)
{
    CLEANUP(freep) struct pool_mapping *mapping = malloc(sizeof(*mapping));
    if (mapping == NULL || ftruncate(pool->fd, pool->size + (off_t)size) < 0)
        return NULL;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, pool->fd, pool->size);
    if (memory == MAP_FAILED)
        return NULL;
    pool->size += (off_t)size;
    mapping->memory = memory;
    mapping->size = size;
    mapping->next = pool->mappings;
    pool->mappings = mapping;
    (void)STEAL(mapping);
    return memory;
}

static struct pool_free_block *pool_push(struct pool *pool, int class, void *block)
{
    struct pool_free_block *free_block = block;
    free_block->next = pool->free[class - POOL_CLASS_MIN];
    free_block->size = (size_t)1 << class;
    list_init(&free_block->warm);
    pool->free[class - POOL_CLASS_MIN] = free_block;
    return free_block;
}

static void pool_forget_warm(struct pool *pool, struct pool_free_block *block)
{
    if (!list_linked(&block->warm))
        return;
    list_unlink(&block->warm);
    pool->warm_size -= block->size;
}

static void *pool_pop(struct pool *pool, int class)
{
    struct pool_free_block *block = pool->free[class - POOL_CLASS_MIN];
    if (block == NULL)
        return NULL;
    pool->free[class - POOL_CLASS_MIN] = block->next;
    pool_forget_warm(pool, block);
    return block;
}

/* All its pages but the first, which links it. */
static void pool_remove_pages(struct pool_free_block *block)
{
    madvise((char *)block + POOL_BLOCK_MIN, block->size - POOL_BLOCK_MIN, MADV_REMOVE);
}

/* A large block that has just become free stays warm, for which others may have to cool. */
static void pool_keep_warm(struct pool *pool, struct pool_free_block *block)
{
    if (block->size > POOL_WARM) {
        pool_remove_pages(block);
        return;
    }
    while (pool->warm_size + block->size > POOL_WARM) {
        struct pool_free_block *last = CONTAINER_OF(pool->warm.prev, struct pool_free_block, warm);
        pool_forget_warm(pool, last);
        pool_remove_pages(last);
    }
    list_prepend(&pool->warm, &block->warm);
    pool->warm_size += block->size;
}

/* Cuts a new slab into blocks of `class`, and returns one of them. */
static void *pool_cut_slab(struct pool *pool, int class)
{
    char *slab = pool_map(pool, POOL_SLAB_SIZE);
    if (slab == NULL)
        return NULL;
    size_t step = (size_t)1 << class;
    for (size_t at = POOL_SLAB_SIZE - step; at > 0; at -= step)
        (void)pool_push(pool, class, slab + at);
    return slab;
}

void *pool_take(struct pool *pool, size_t size, size_t *actual)
{
    MAGIC_CHECK(pool, POOL_MAGIC);
    int class = pool_class(size);
    if (class > POOL_CLASS_MAX)
        return NULL;
    void *block = pool_pop(pool, class);
    if (block == NULL)
        block = class < POOL_CLASS_LARGE ? pool_cut_slab(pool, class)
                                         : pool_map(pool, (size_t)1 << class);
    if (block == NULL)
        return NULL;
    *actual = (size_t)1 << class;
    pool->in_use += *actual;
    return block;
}

void pool_give(struct pool *pool, void *block, size_t actual)
{
    MAGIC_CHECK(pool, POOL_MAGIC);
    CHECK(actual <= pool->in_use);
    int class = pool_class(actual);
    struct pool_free_block *free_block = pool_push(pool, class, block);
    if (class >= POOL_CLASS_LARGE)
        pool_keep_warm(pool, free_block);
    pool->in_use -= actual;
}

size_t pool_in_use(const struct pool *pool)
{
    return pool->in_use;
}
