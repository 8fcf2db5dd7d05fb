/* The writer: shortest forms, growth, and that a failure sticks. */
#include "protocol/writer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static void expect(const struct writer *writer, const char *bytes, size_t size)
{
    cr_assert_eq(writer->error, 0);
    cr_assert_eq(writer->size, size);
    cr_assert_eq(memcmp(writer->data, bytes, size), 0);
}

#define EXPECT(writer, bytes) expect(writer, bytes, sizeof(bytes) - 1)

Test(writer, values)
{
    struct writer writer;

    writer_init_heap(&writer, 1000);
    writer_map(&writer, 1);
    writer_text(&writer, "k");
    writer_array(&writer, 9);
    writer_nil(&writer);
    writer_text(&writer, NULL);
    writer_bool(&writer, false);
    writer_bool(&writer, true);
    writer_int(&writer, -2);
    writer_uint(&writer, 300);
    writer_double(&writer, 0.5);
    writer_bin(&writer, "\0\1", 2);
    writer_str_head(&writer, 3);
    writer_raw(&writer, "xyz", 3);
    EXPECT(&writer,
           "\x81\xa1k\x99\xc0\xc0\xc2\xc3\xfe\xcd\x01\x2c\xcb\x3f\xe0\0\0\0\0\0\0\xc4\x02\0\1"
           "\xa3xyz");
    writer_free_heap(&writer);
}

Test(writer, a_number_is_an_integer_if_it_can)
{
    struct writer writer;

    writer_init_heap(&writer, 1000);
    writer_number(&writer, 3.0);
    writer_number(&writer, -1.0);
    writer_number(&writer, 0.5);
    writer_number(&writer, 1e300);
    EXPECT(&writer, "\x03\xff\xcb\x3f\xe0\0\0\0\0\0\0\xcb\x7e\x37\xe4\x3c\x88\x00\x75\x9c");
    writer_free_heap(&writer);
}

Test(writer, the_limit_is_a_failure_that_sticks_until_rewound)
{
    struct writer writer;
    char data[300] = {0};

    writer_init_heap(&writer, 310);
    writer_nil(&writer);
    writer_bin(&writer, data, sizeof data);
    cr_assert_eq(writer.error, 0);
    writer_bin(&writer, data, 100);
    cr_assert_eq(writer.error, -EMSGSIZE);
    size_t size = writer.size;
    writer_nil(&writer);
    cr_assert_eq(writer.size, size);
    writer_rewind(&writer, 1);
    EXPECT(&writer, "\xc0");
    writer_free_heap(&writer);
    cr_assert_null(writer.data);
}

Test(writer, a_length_beyond_32_bits_is_refused)
{
    struct writer writer;

    writer_init_heap(&writer, SIZE_MAX);
    writer_bin_head(&writer, (size_t)UINT32_MAX + 1);
    cr_assert_eq(writer.error, -EMSGSIZE);
    writer_str_head(&writer, (size_t)UINT32_MAX + 1);
    cr_assert_eq(writer.error, -EMSGSIZE);
    writer_free_heap(&writer);
}

static int refuse(struct writer *writer, size_t more)
{
    *(size_t *)writer->owner = more;
    return -EDQUOT;
}

Test(writer, memory_of_the_callers_own)
{
    struct writer writer;
    char room[4];
    size_t asked = 0;

    writer_init(&writer, room, sizeof room, refuse, &asked);
    writer_text(&writer, "abc");
    cr_assert_eq(writer.error, 0);
    cr_assert_eq(asked, 0);
    writer_text(&writer, "d");
    cr_assert_eq(writer.error, -EDQUOT);
    cr_assert_eq(asked, 1);
    cr_assert_eq(memcmp(room,
                        "\xa3"
                        "abc",
                        4),
                 0);
}
