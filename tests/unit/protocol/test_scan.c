/* The scan: where a message ends, what is refused, and that pieces and damage change nothing. */
#include "protocol/scan.h"

#include "protocol/message.h"
#include "protocol/writer.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A scan of bytes that are all there at once. */
static enum scan_verdict scan_all(struct scan *scan, const void *bytes, size_t size)
{
    scan_init(scan, &scan_default_limits);
    return scan_step(scan, bytes, size);
}

/* A value of every kind and width that the wire has, nested. */
static void write_sample(struct writer *writer)
{
    static const int64_t integers[] = {0,   127, 128,  65535,  65536,        1LL << 40, -1,
                                       -32, -33, -129, -40000, -(1LL << 40), INT64_MAX, INT64_MIN};
    static char text[70000];

    writer_array(writer, 4);
    writer_int(writer, 0);
    writer_uint(writer, 4000000000u);
    writer_text(writer, "sockd.eval");
    writer_array(writer, 9);
    writer_array(writer, sizeof integers / sizeof integers[0]);
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++)
        writer_int(writer, integers[i]);
    writer_map(writer, 2);
    writer_text(writer, "a key");
    writer_double(writer, 1.5);
    writer_text(writer, "another");
    writer_raw(writer, "\xca\x3f\x80\x00\x00", 5); /* a float of four bytes */
    writer_bin(writer, text, 3);
    writer_bin(writer, text, 300);
    writer_str(writer, text, 40);
    writer_str(writer, text, 300);
    writer_uint(writer, UINT64_MAX);
    writer_bool(writer, true);
    writer_nil(writer);
}

static struct writer sample(void)
{
    struct writer writer;

    writer_init_heap(&writer, LIMIT_MESSAGE);
    write_sample(&writer);
    cr_assert_eq(writer.error, 0);
    return writer;
}

Test(scan, finds_the_end_of_a_message)
{
    struct writer writer = sample();
    struct scan scan;

    cr_assert_eq(scan_all(&scan, writer.data, writer.size), SCAN_WHOLE);
    cr_assert_eq(scan.size, writer.size);
    writer_free_heap(&writer);
}

/* What most requests are, up to the longest such values: their lengths are a byte of their own. */
Test(scan, a_request_with_bytes_ends_where_they_end)
{
    static const uint8_t bytes[255];
    const size_t sizes[] = {0, 1, 31, 32, 64, 255};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct writer writer;
        struct scan scan;
        writer_init_heap(&writer, LIMIT_MESSAGE);
        message_put_request(&writer, 7, "send", 4, 3);
        writer_uint(&writer, 1000);
        writer_bin(&writer, bytes, sizes[i]);
        writer_str(&writer, (const char *)bytes, sizes[i]);
        size_t whole = writer.size;
        writer_nil(&writer); /* the next message */
        for (size_t size = 0; size < whole; size++) {
            cr_assert_eq(scan_all(&scan, writer.data, size), SCAN_MORE, "at %zu", size);
            cr_assert(scan.need > size && scan.need <= whole, "at %zu: %zu", size, scan.need);
        }
        cr_assert_eq(scan_all(&scan, writer.data, writer.size), SCAN_WHOLE);
        cr_assert_eq(scan.size, whole);
        writer_free_heap(&writer);
    }
}

Test(scan, looks_no_further_than_its_message)
{
    struct scan scan;

    cr_assert_eq(scan_all(&scan, "\x91\x01\xc1\xc1", 4), SCAN_WHOLE);
    cr_assert_eq(scan.size, 2);
}

Test(scan, every_truncation_asks_for_more_and_says_how_much_at_least)
{
    struct writer writer = sample();
    struct scan scan;

    for (size_t size = 0; size < writer.size; size++) {
        cr_assert_eq(scan_all(&scan, writer.data, size), SCAN_MORE, "at %zu", size);
        cr_assert_gt(scan.need, size, "at %zu", size);
        cr_assert_leq(scan.need, writer.size, "at %zu", size);
    }
    writer_free_heap(&writer);
}

/* The bytes are moved for every step, so that one that is looked at twice is found by ASan. */
Test(scan, byte_by_byte_in_moving_memory_gives_the_same)
{
    struct writer writer = sample();
    struct scan scan;
    enum scan_verdict verdict = SCAN_MORE;

    scan_init(&scan, &scan_default_limits);
    for (size_t size = 1; size <= writer.size; size++) {
        uint8_t *copy = malloc(size);
        memcpy(copy, writer.data, size);
        verdict = scan_step(&scan, copy, size);
        free(copy);
        cr_assert_eq(verdict, size == writer.size ? SCAN_WHOLE : SCAN_MORE);
    }
    cr_assert_eq(scan.size, writer.size);
    writer_free_heap(&writer);
}

Test(scan, bytes_looked_at_are_not_looked_at_again)
{
    struct writer writer = sample();
    struct scan scan;

    scan_init(&scan, &scan_default_limits);
    for (size_t size = 1; size < writer.size; size++) {
        cr_assert_eq(scan_step(&scan, writer.data, size), SCAN_MORE);
        size_t passed = scan.offset < size ? scan.offset : size;
        memset(writer.data, 0xc1, passed); /* invalid wherever it is met */
    }
    cr_assert_eq(scan_step(&scan, writer.data, writer.size), SCAN_WHOLE);
    writer_free_heap(&writer);
}

/* Whatever a flipped bit makes of it, scanning at once and byte by byte agree. */
Test(scan, every_bit_flip_has_one_verdict)
{
    struct writer writer = sample();

    for (size_t bit = 0; bit < 8 * writer.size; bit++) {
        struct scan whole, pieces;
        enum scan_verdict verdict = SCAN_MORE;
        writer.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum scan_verdict expected = scan_all(&whole, writer.data, writer.size);
        scan_init(&pieces, &scan_default_limits);
        for (size_t size = 1; size <= writer.size && verdict == SCAN_MORE; size++)
            verdict = scan_step(&pieces, writer.data, size);
        cr_assert_eq(verdict, expected, "bit %zu", bit);
        if (verdict == SCAN_WHOLE)
            cr_assert_eq(pieces.size, whole.size);
        writer.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    writer_free_heap(&writer);
}

Test(scan, refuses_what_the_wire_does_not_have)
{
    static const uint8_t firsts[] = {0xc1, 0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8};

    for (size_t i = 0; i < sizeof firsts; i++) {
        struct scan scan;
        cr_assert_eq(scan_all(&scan, &firsts[i], 1), SCAN_BAD, "0x%02x", firsts[i]);
        cr_assert_str_eq(scan.reason, "not MessagePack, or an extension type");
    }
}

Test(scan, stays_bad)
{
    struct scan scan;

    cr_assert_eq(scan_all(&scan, "\xc1", 1), SCAN_BAD);
    cr_assert_eq(scan_step(&scan, "\x90", 1), SCAN_BAD);
}

Test(scan, depth_is_bounded)
{
    uint8_t nested[LIMIT_DEPTH + 1];
    struct scan scan;

    memset(nested, 0x91, sizeof nested);
    nested[LIMIT_DEPTH - 1] = 0x90;
    cr_assert_eq(scan_all(&scan, nested, LIMIT_DEPTH), SCAN_WHOLE);
    nested[LIMIT_DEPTH - 1] = 0x91;
    nested[LIMIT_DEPTH] = 0x90;
    cr_assert_eq(scan_all(&scan, nested, sizeof nested), SCAN_BAD);
    cr_assert_str_eq(scan.reason, "nested too deeply");
}

Test(scan, depth_counts_open_containers_only)
{
    struct writer writer;
    struct scan scan;

    writer_init_heap(&writer, LIMIT_MESSAGE);
    writer_array(&writer, 100);
    for (int i = 0; i < 50; i++) {
        writer_array(&writer, 0);
        writer_map(&writer, 1);
        writer_array(&writer, 0);
        writer_nil(&writer);
    }
    cr_assert_eq(scan_all(&scan, writer.data, writer.size), SCAN_WHOLE);
    writer_free_heap(&writer);
}

Test(scan, huge_announcements_are_refused_at_their_head)
{
    static const char *const heads[] = {
        "\xdd\x10\x00\x00\x00", "\xdf\xff\xff\xff\xff", "\xdd\xff\xff\xff\xff",
        "\xdb\xff\xff\xff\xff", "\xc6\x02\x00\x00\x00",
    };

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct scan scan;
        cr_assert_eq(scan_all(&scan, heads[i], 5), SCAN_BAD, "head %zu", i);
    }
}

Test(scan, a_message_may_be_as_long_as_the_limit_and_no_longer)
{
    static const struct scan_limits limits = {.message = 100, .depth = 2, .elements = 10};
    uint8_t bytes[100] = {0xc4, 98};
    struct scan scan;

    scan_init(&scan, &limits);
    cr_assert_eq(scan_step(&scan, bytes, 100), SCAN_WHOLE);
    bytes[1] = 99;
    scan_init(&scan, &limits);
    cr_assert_eq(scan_step(&scan, bytes, 2), SCAN_BAD);
    cr_assert_str_eq(scan.reason, "message too long");
}

/* Each value still to come takes a byte at least: an array of 8 with 95 bytes before it in its
 * message of 100 can never fit. */
Test(scan, announced_values_count_against_the_length)
{
    static const struct scan_limits limits = {.message = 100, .depth = 2, .elements = 20};
    uint8_t bytes[100] = {0x92, 0xc4, 92, [95] = 0x95};
    struct scan scan;

    scan_init(&scan, &limits);
    cr_assert_eq(scan_step(&scan, bytes, 96), SCAN_BAD);
    bytes[95] = 0x94;
    scan_init(&scan, &limits);
    cr_assert_eq(scan_step(&scan, bytes, 96), SCAN_MORE);
    cr_assert_eq(scan.need, 100);
}

Test(scan, the_number_of_values_is_bounded)
{
    static const struct scan_limits limits = {.message = 100, .depth = 3, .elements = 10};
    struct scan scan;

    scan_init(&scan, &limits); /* 1 + 2 + 4 + 3 values */
    cr_assert_eq(scan_step(&scan, "\x92\x94\1\1\1\1\x93\1\1\1", 10), SCAN_WHOLE);
    scan_init(&scan, &limits);
    cr_assert_eq(scan_step(&scan, "\x92\x94\1\1\1\1\x94\1\1\1\1", 11), SCAN_BAD);
    cr_assert_str_eq(scan.reason, "too many values");
}

Test(scan, random_bytes_are_survived)
{
    uint8_t bytes[64];
    struct scan scan;

    srandom(1);
    for (int round = 0; round < 200000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)random();
        size_t size = (size_t)random() % sizeof bytes;
        if (scan_all(&scan, bytes, size) == SCAN_WHOLE)
            cr_assert_leq(scan.size, size);
    }
}

/* A byte that begins a value, mostly one without others in it. */
static uint8_t random_head(uint32_t *seed)
{
    static const uint8_t heads[] = {0x00, 0x7f, 0x90, 0x91, 0x93, 0xa0, 0xa3, 0xc0, 0xc1, 0xc2,
                                    0xc4, 0xca, 0xcb, 0xcc, 0xcf, 0xd1, 0xd9, 0xdc, 0xe0, 0xff};

    *seed = *seed * 1103515245u + 12345u;
    return heads[(*seed >> 16) % sizeof heads];
}

/* All at once a message without nesting takes the short way, and byte by byte the long one. */
Test(scan, at_once_is_the_same_as_byte_by_byte)
{
    uint32_t seed = 1;
    unsigned wholes = 0;

    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[24] = {0x90 + (uint8_t)(round % 6)};
        for (size_t i = 1; i < sizeof bytes; i++)
            bytes[i] = random_head(&seed);
        struct scan at_once, slow;
        enum scan_verdict verdict = scan_all(&at_once, bytes, sizeof bytes);
        enum scan_verdict slowly = SCAN_MORE;
        scan_init(&slow, &scan_default_limits);
        for (size_t size = 1; size <= sizeof bytes && slowly == SCAN_MORE; size++)
            slowly = scan_step(&slow, bytes, size);
        cr_assert_eq(verdict, slowly, "round %d", round);
        cr_assert(verdict != SCAN_WHOLE || at_once.size == slow.size, "round %d", round);
        wholes += verdict == SCAN_WHOLE;
    }
    cr_assert_gt(wholes, 1000);
}
