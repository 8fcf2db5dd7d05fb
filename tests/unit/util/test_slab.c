/* Small blocks: their sizes, their reuse, and that memory goes back. */
#include "util/slab.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

static struct slabs *slabs;

static void setup(void)
{
    cr_assert_eq(slabs_new(&slabs), 0);
}

static void teardown(void)
{
    slabs_free(slabs);
}

TestSuite(slab, .init = setup, .fini = teardown);

Test(slab, every_size_is_aligned_and_holds_what_was_asked)
{
    uint8_t *blocks[SLAB_BLOCK_MAX + 1][3];
    for (size_t size = 1; size <= SLAB_BLOCK_MAX; size++) {
        for (int i = 0; i < 3; i++) {
            uint8_t *block = blocks[size][i] = slabs_take(slabs, size);
            cr_assert_not_null(block);
            cr_assert_eq((uintptr_t)block % (size % 16 == 0 ? 16 : 8), 0, "size %zu", size);
            memset(block, (int)(size + i), size);
        }
    }
    for (size_t size = 1; size <= SLAB_BLOCK_MAX; size++) {
        for (int i = 0; i < 3; i++) {
            const uint8_t *block = blocks[size][i];
            cr_assert_eq(block[0], (uint8_t)(size + i), "size %zu", size);
            cr_assert_eq(memcmp(block, block + 1, size - 1), 0, "size %zu was changed", size);
            slabs_give(slabs, blocks[size][i], size);
        }
    }
}

Test(slab, the_block_given_last_is_taken_next)
{
    void *one = slabs_take(slabs, 40), *two = slabs_take(slabs, 40);
    slabs_give(slabs, two, 40);
    slabs_give(slabs, one, 40);
    void *again = slabs_take(slabs, 40);
    cr_assert(SLAB_PLAIN || again == one);
    slabs_give(slabs, again, 40);
}

Test(slab, many_blocks_take_no_more_than_their_bytes)
{
    enum { COUNT = 20000, SIZE = 104 };
    static void *blocks[COUNT];
    for (int i = 0; i < COUNT; i++)
        memset(blocks[i] = slabs_take(slabs, SIZE), i, SIZE);
    if (!SLAB_PLAIN)
        cr_expect_lt(slabs_mapped(slabs), COUNT * SIZE + COUNT * SIZE / 20);
    for (int i = 0; i < COUNT; i++)
        slabs_give(slabs, blocks[i], SIZE);
}

Test(slab, memory_goes_back_to_the_kernel)
{
    enum { COUNT = 30000, SIZE = 500, LEFT = 100 };
    static void *blocks[COUNT];
    for (int i = 0; i < COUNT; i++)
        blocks[i] = slabs_take(slabs, SIZE);
    size_t peak = slabs_mapped(slabs);
    for (int i = LEFT; i < COUNT; i++)
        slabs_give(slabs, blocks[i], SIZE);
    if (!SLAB_PLAIN)
        cr_expect_lt(slabs_mapped(slabs), peak / 10);
    for (int i = 0; i < LEFT; i++)
        slabs_give(slabs, blocks[i], SIZE);
}

/* Holes of a full slab are found again, whichever they are, and no block is out twice. */
Test(slab, blocks_come_and_go_in_any_order)
{
    enum { COUNT = 5000, ROUNDS = 200000 };
    static uint32_t *blocks[COUNT];
    static size_t sizes[COUNT];
    uint32_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        random = random * 1664525 + 1013904223;
        uint32_t i = (random >> 8) % COUNT;
        if (blocks[i] != NULL) {
            cr_assert_eq(*blocks[i], i);
            slabs_give(slabs, blocks[i], sizes[i]);
            blocks[i] = NULL;
        } else {
            sizes[i] = 8 + (random >> 20) % 4 * 100;
            blocks[i] = slabs_take(slabs, sizes[i]);
            *blocks[i] = i;
        }
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        if (blocks[i] != NULL) {
            cr_assert_eq(*blocks[i], i);
            slabs_give(slabs, blocks[i], sizes[i]);
        }
    }
}
