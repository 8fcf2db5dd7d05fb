/* Buffers: what goes in comes out, wherever it had to move. */
#include "util/buffer.h"
#include "util/error.h"

#include <criterion/criterion.h>
#include <string.h>

static struct pool *pool;
static struct buffer buffer;

static void setup(void)
{
    cr_assert_eq(pool_new(&pool), 0);
    buffer = (struct buffer){0};
}

static void teardown(void)
{
    buffer_deinit(&buffer, pool);
    cr_expect_eq(pool_in_use(pool), 0);
    pool_free(pool);
}

TestSuite(buffer, .init = setup, .fini = teardown);

static void holds(const char *text)
{
    cr_assert_eq(buffer_length(&buffer), strlen(text));
    cr_assert_eq(memcmp(buffer_data(&buffer), text, strlen(text)), 0);
}

Test(buffer, an_empty_one_holds_no_memory)
{
    cr_assert_eq(buffer_length(&buffer), 0);
    cr_assert_eq(buffer_append(&buffer, pool, "x", 1), 0);
    cr_assert_eq(pool_in_use(pool), POOL_BLOCK_MIN);
    buffer_consume(&buffer, pool, 1);
    cr_assert_null(buffer.memory);
    cr_assert_eq(pool_in_use(pool), 0);
}

Test(buffer, nothing_appended_takes_nothing)
{
    cr_assert_eq(buffer_append(&buffer, pool, NULL, 0), 0);
    cr_assert_eq(buffer_prepend(&buffer, pool, NULL, 0), 0);
    cr_assert_eq(pool_in_use(pool), 0);
}

Test(buffer, bytes_leave_in_the_order_in_which_they_came)
{
    buffer_append(&buffer, pool, "one ", 4);
    buffer_append(&buffer, pool, "two", 3);
    holds("one two");
    buffer_consume(&buffer, pool, 4);
    holds("two");
}

Test(buffer, prepended_bytes_are_the_first)
{
    buffer_append(&buffer, pool, "world", 5);
    buffer_prepend(&buffer, pool, "hello ", 6);
    holds("hello world");
}

Test(buffer, prepending_uses_the_room_that_consuming_left)
{
    buffer_append(&buffer, pool, "hello world", 11);
    const uint8_t *first = buffer_data(&buffer);
    buffer_consume(&buffer, pool, 6);
    buffer_prepend(&buffer, pool, "HELLO ", 6);
    holds("HELLO world");
    cr_assert_eq(buffer_data(&buffer), first);
}

Test(buffer, reserved_room_is_there_and_counts_only_when_committed)
{
    cr_assert_eq(buffer_reserve(&buffer, pool, 10000), 0);
    cr_assert_geq(buffer_room(&buffer), 10000);
    cr_assert_eq(buffer_length(&buffer), 0);
    memcpy(buffer_tail(&buffer), "abc", 3);
    buffer_commit(&buffer, 3);
    holds("abc");
}

Test(buffer, an_unused_reserve_goes_back)
{
    buffer_reserve(&buffer, pool, 1);
    buffer_release_if_empty(&buffer, pool);
    cr_assert_eq(pool_in_use(pool), 0);
}

Test(buffer, a_buffer_with_bytes_is_not_released)
{
    buffer_append(&buffer, pool, "abc", 3);
    buffer_release_if_empty(&buffer, pool);
    holds("abc");
}

Test(buffer, settling_moves_few_bytes_to_a_small_block)
{
    buffer_reserve(&buffer, pool, 1 << 20);
    memcpy(buffer_tail(&buffer), "rest", 4);
    buffer_commit(&buffer, 4);
    buffer_settle(&buffer, pool);
    holds("rest");
    cr_assert_eq(pool_in_use(pool), POOL_BLOCK_MIN);
}

Test(buffer, settling_leaves_a_well_filled_block_alone)
{
    static const uint8_t bytes[20000];
    buffer_append(&buffer, pool, bytes, sizeof bytes);
    const uint8_t *before = buffer_data(&buffer);
    buffer_settle(&buffer, pool);
    cr_assert_eq(buffer_data(&buffer), before);
}

Test(buffer, what_no_memory_can_hold_is_refused_and_nothing_changes)
{
    buffer_append(&buffer, pool, "abc", 3);
    cr_assert_eq(buffer_reserve(&buffer, pool, BUFFER_MAX - 2), -ENOMEM);
    cr_assert_eq(buffer_append(&buffer, pool, "x", (size_t)1 << 32), -ENOMEM);
    cr_assert_eq(buffer_prepend(&buffer, pool, "x", (size_t)1 << 32), -ENOMEM);
    cr_assert_eq(buffer_prepend(&buffer, pool, "x", SIZE_MAX), -ENOMEM);
    cr_assert_eq(buffer_reserve(&buffer, pool, SIZE_MAX - 1), -ENOMEM);
    cr_assert_eq(buffer_reserve(&buffer, pool, (size_t)1 << 50), -ENOMEM);
    holds("abc");
}

/* Nothing is written to it, so that no memory is needed but in the address space. */
Test(buffer, it_can_hold_as_much_as_it_says)
{
    buffer_append(&buffer, pool, "abc", 3);
    cr_assert_eq(buffer_reserve(&buffer, pool, BUFFER_MAX - 3), 0);
    cr_assert_eq(buffer_room(&buffer), BUFFER_MAX - 3);
    buffer_commit(&buffer, BUFFER_MAX - 3);
    cr_assert_eq(buffer_length(&buffer), BUFFER_MAX);
    cr_assert_eq(buffer_reserve(&buffer, pool, 1), -ENOMEM);
    buffer_consume(&buffer, pool, BUFFER_MAX - 2);
    cr_assert_eq(buffer_length(&buffer), 2);
    buffer_deinit(&buffer, pool);
}

/* Moving costs; it must stay in proportion to what goes through. */
Test(buffer, a_steady_flow_through_a_small_queue_needs_one_block)
{
    uint8_t piece[100];
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 10000; i++) {
        cr_assert_eq(buffer_append(&buffer, pool, piece, sizeof piece), 0);
        if (i > 3)
            buffer_consume(&buffer, pool, sizeof piece);
        cr_assert_eq(pool_in_use(pool), POOL_BLOCK_MIN);
    }
}

/* ---- the same as a plain array, whatever is done to it ---- */

enum { MODEL_MAX = 300000 };

static uint8_t model[MODEL_MAX];
static size_t model_length;

static uint64_t random_state;

static size_t random_below(size_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
    return (size_t)(random_state >> 33) % bound;
}

static const uint8_t *random_bytes(size_t length)
{
    static uint8_t bytes[70000];
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)random_below(256);
    return bytes;
}

static size_t random_size(void)
{
    static const size_t most[] = {2, 10, 200, 5000, 70000};
    size_t size = random_below(most[random_below(sizeof most / sizeof most[0])]);
    return size < MODEL_MAX - model_length ? size : 0;
}

static void model_append(void)
{
    size_t size = random_size();
    const uint8_t *bytes = random_bytes(size);
    cr_assert_eq(buffer_append(&buffer, pool, bytes, size), 0);
    memcpy(model + model_length, bytes, size);
    model_length += size;
}

static void model_prepend(void)
{
    size_t size = random_size();
    const uint8_t *bytes = random_bytes(size);
    cr_assert_eq(buffer_prepend(&buffer, pool, bytes, size), 0);
    memmove(model + size, model, model_length);
    memcpy(model, bytes, size);
    model_length += size;
}

static void model_fill(void)
{
    size_t room = random_size(), size = room > 0 ? random_below(room) : 0;
    cr_assert_eq(buffer_reserve(&buffer, pool, room), 0);
    cr_assert_geq(buffer_room(&buffer), room);
    const uint8_t *bytes = random_bytes(size);
    if (size > 0)
        memcpy(buffer_tail(&buffer), bytes, size);
    buffer_commit(&buffer, size);
    memcpy(model + model_length, bytes, size);
    model_length += size;
    buffer_release_if_empty(&buffer, pool);
}

static void model_consume(void)
{
    size_t size = random_below(model_length + 1);
    if (random_below(4) == 0)
        size = model_length;
    if (size == 0)
        return;
    buffer_consume(&buffer, pool, size);
    memmove(model, model + size, model_length - size);
    model_length -= size;
}

static void model_settle(void)
{
    buffer_settle(&buffer, pool);
}

static void model_lend(void)
{
    static char lent[100];
    buffer_lend(&buffer, lent, sizeof lent);
}

static void model_keep(void)
{
    cr_assert_eq(buffer_keep(&buffer, pool), 0);
    cr_assert(!buffer.lent);
}

Test(buffer, lent_memory_is_used_first_and_left_in_time)
{
    char lent[16];
    buffer_lend(&buffer, lent, sizeof lent);
    cr_assert_eq(buffer_append(&buffer, pool, "borrowed", 8), 0);
    cr_assert_eq(pool_in_use(pool), 0);
    cr_assert_eq(buffer_held(&buffer), 0);
    cr_assert_eq(memcmp(lent, "borrowed", 8), 0);
    cr_assert_eq(buffer_keep(&buffer, pool), 0);
    memset(lent, 'x', sizeof lent);
    holds("borrowed");
    cr_assert_eq(buffer_held(&buffer), buffer.size);
    buffer_lend(&buffer, lent, sizeof lent); /* it has memory: nothing happens */
    holds("borrowed");
}

Test(buffer, what_outgrows_lent_memory_moves_out)
{
    char lent[4];
    buffer_lend(&buffer, lent, sizeof lent);
    cr_assert_eq(buffer_append(&buffer, pool, "abcd", 4), 0);
    cr_assert_eq(buffer_append(&buffer, pool, "efgh", 4), 0);
    cr_assert(!buffer.lent);
    holds("abcdefgh");
}

Test(buffer, behaves_like_an_array_under_random_use)
{
    static void (*const moves[])(void) = {model_append,  model_prepend, model_fill, model_consume,
                                          model_consume, model_settle,  model_lend, model_keep};
    for (uint64_t seed = 1; seed <= 20; seed++) {
        random_state = seed;
        for (int i = 0; i < 300; i++) {
            moves[random_below(sizeof moves / sizeof moves[0])]();
            cr_assert_eq(buffer_length(&buffer), model_length, "seed %zu, move %d", (size_t)seed,
                         i);
            if (model_length > 0)
                cr_assert_eq(memcmp(buffer_data(&buffer), model, model_length), 0,
                             "seed %zu, move %d", (size_t)seed, i);
            else
                cr_assert_eq(pool_in_use(pool), 0);
        }
    }
}
