/* The view: every kind of value, wrong types leave it where it is, nothing beyond the end. */
#include "protocol/view.h"

#include "protocol/scan.h"
#include "protocol/writer.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct view text(const char *bytes, size_t size)
{
    return view_of(bytes, size);
}

#define VIEW(bytes) text(bytes, sizeof(bytes) - 1)

Test(view, integers_of_every_width)
{
    static const int64_t values[] = {
        0,    127,  128,    255,    256,       65535,     65536,      -1,        -32,      -33,
        -128, -129, -32768, -32769, INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN};
    struct writer writer;

    writer_init_heap(&writer, 1000);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        writer_int(&writer, values[i]);
    struct view view = view_of(writer.data, writer.size);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        int64_t got = 0;
        cr_assert(view_int(&view, &got));
        cr_assert_eq(got, values[i]);
    }
    cr_assert_eq(view_left(&view), 0);
    writer_free_heap(&writer);
}

Test(view, an_integer_beyond_int64_is_no_int)
{
    struct view view = VIEW("\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    struct view_value value;
    double number;
    int64_t integer;

    cr_assert_not(view_int(&view, &integer));
    cr_assert(view_double(&view, &number));
    cr_assert_eq(number, 18446744073709551616.0);
    view = VIEW("\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    cr_assert(view_next(&view, &value));
    cr_assert_eq(value.type, VIEW_UINT);
    cr_assert_eq(value.unsigned_integer, UINT64_MAX);
}

Test(view, numbers)
{
    struct view view = VIEW("\xca\x3f\x80\x00\x00\xcb\xbf\xf8\x00\x00\x00\x00\x00\x00\x07\xc0");
    double number;

    cr_assert(view_double(&view, &number) && number == 1.0);
    cr_assert(view_double(&view, &number) && number == -1.5);
    cr_assert(view_double(&view, &number) && number == 7.0);
    cr_assert_not(view_double(&view, &number));
    cr_assert_eq(view_left(&view), 1);
}

Test(view, strings_booleans_and_nil)
{
    struct view view = VIEW("\xa3"
                            "abc"
                            "\xc4\x02"
                            "de"
                            "\xc2\xc3\xc0");
    struct view_value value;
    const char *data;
    size_t size;
    bool boolean;

    cr_assert(view_str(&view, &data, &size) && size == 3 && memcmp(data, "abc", 3) == 0);
    cr_assert_not(view_str(&view, &data, &size));
    cr_assert(view_bytes(&view, &data, &size) && size == 2 && memcmp(data, "de", 2) == 0);
    cr_assert(view_bool(&view, &boolean) && !boolean);
    cr_assert(view_bool(&view, &boolean) && boolean);
    cr_assert_not(view_bool(&view, &boolean));
    cr_assert(view_next(&view, &value) && value.type == VIEW_NIL);
    cr_assert_not(view_next(&view, &value));
}

Test(view, containers_are_walked_or_skipped)
{
    struct view view = VIEW("\x93\x01\x82\xa1"
                            "a\x92\x01\x02\xa1"
                            "b\xc0\x05\x06");
    struct view one, copy = view;
    uint32_t count;
    int64_t integer;
    enum view_type type;

    cr_assert(view_skip(&copy));
    cr_assert(view_int(&copy, &integer) && integer == 6);
    cr_assert(view_array(&view, &count) && count == 3);
    cr_assert(view_int(&view, &integer) && integer == 1);
    cr_assert(view_peek(&view, &type) && type == VIEW_MAP);
    cr_assert(view_take(&view, &one));
    cr_assert_eq(view_left(&one), 9);
    cr_assert(view_map(&one, &count) && count == 2);
    cr_assert(view_int(&view, &integer) && integer == 5);
}

Test(view, find_a_key)
{
    struct view view = VIEW("\x83\x01\xa1x\xa1"
                            "a\x92\x01\x02\xa2"
                            "ab\x07");
    struct view value;
    int64_t integer;

    cr_assert(view_find(view, "ab", &value));
    cr_assert(view_int(&value, &integer) && integer == 7);
    cr_assert(view_find(view, "a", &value));
    cr_assert_eq(view_left(&value), 3);
    cr_assert_not(view_find(view, "b", &value));
    cr_assert_not(view_find(value, "a", &value), "an array has no keys");
    cr_assert_not(view_find(VIEW("\x81\xa1"), "a", &value));
}

Test(view, what_is_not_all_there_is_no_value)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cut[] = {{"", 0},
               {"\xa3"
                "ab",
                3},
               {"\xcd\x01", 2},
               {"\xc1", 1},
               {"\xc4", 1},
               {"\xd4\1\1", 3},
               {"\xc6\xff\xff\xff\xff", 5}};

    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        struct view view = view_of(cut[i].bytes, cut[i].size), one;
        struct view_value value;
        enum view_type type;
        cr_assert_not(view_next(&view, &value), "%zu", i);
        cr_assert_not(view_skip(&view), "%zu", i);
        cr_assert_not(view_take(&view, &one), "%zu", i);
        cr_assert_not(view_peek(&view, &type), "%zu", i);
        cr_assert_eq(view_left(&view), cut[i].size);
    }
    struct view view = VIEW("\x92\x01");
    cr_assert_not(view_skip(&view));
}

Test(view, every_type_has_a_text)
{
    for (int type = VIEW_NIL; type <= VIEW_MAP; type++)
        cr_assert_not_null(view_type_text((enum view_type)type));
}

/* The scan and the view agree about where a value ends, for bytes of all kinds. */
Test(view, skips_exactly_what_the_scan_finds)
{
    uint8_t bytes[48];

    srandom(2);
    for (int round = 0; round < 200000; round++) {
        struct scan scan;
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)random();
        scan_init(&scan, &scan_default_limits);
        if (scan_step(&scan, bytes, sizeof bytes) != SCAN_WHOLE)
            continue;
        struct view view = view_of(bytes, sizeof bytes);
        cr_assert(view_skip(&view));
        cr_assert_eq((size_t)(view.at - bytes), scan.size);
    }
}
