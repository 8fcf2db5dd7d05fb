/* The values of an answer: every kind, and that a missing one is no accident. */
#include <sockd/value.h>

#include <criterion/criterion.h>
#include <msgpack.h>
#include <string.h>

static msgpack_zone zone;

static const struct sockd_value *value_of(const char *bytes, size_t size)
{
    msgpack_object *object = msgpack_zone_malloc(&zone, sizeof *object);

    cr_assert_eq(msgpack_unpack(bytes, size, NULL, &zone, object), MSGPACK_UNPACK_SUCCESS);
    return (const struct sockd_value *)object;
}

#define VALUE(bytes) value_of(bytes, sizeof(bytes) - 1)

static void start(void)
{
    msgpack_zone_init(&zone, 1024);
}

static void stop(void)
{
    msgpack_zone_destroy(&zone);
}

TestSuite(value, .init = start, .fini = stop);

Test(value, types)
{
    cr_assert_eq(sockd_value_type(VALUE("\xc0")), SOCKD_NIL);
    cr_assert_eq(sockd_value_type(VALUE("\xc2")), SOCKD_BOOL);
    cr_assert_eq(sockd_value_type(VALUE("\x01")), SOCKD_INT);
    cr_assert_eq(sockd_value_type(VALUE("\xff")), SOCKD_INT);
    cr_assert_eq(sockd_value_type(VALUE("\xca\0\0\0\0")), SOCKD_DOUBLE);
    cr_assert_eq(sockd_value_type(VALUE("\xcb\0\0\0\0\0\0\0\0")), SOCKD_DOUBLE);
    cr_assert_eq(sockd_value_type(VALUE("\xa0")), SOCKD_STR);
    cr_assert_eq(sockd_value_type(VALUE("\xc4\x00")), SOCKD_BYTES);
    cr_assert_eq(sockd_value_type(VALUE("\x90")), SOCKD_ARRAY);
    cr_assert_eq(sockd_value_type(VALUE("\x80")), SOCKD_MAP);
    cr_assert_eq(sockd_value_type(VALUE("\xd4\x01\x00")), SOCKD_NIL, "no extension types");
    cr_assert_eq(sockd_value_type(NULL), SOCKD_NIL);
}

Test(value, scalars)
{
    bool boolean;
    int64_t integer;
    double number;

    cr_assert(sockd_value_bool(VALUE("\xc3"), &boolean) && boolean);
    cr_assert_not(sockd_value_bool(VALUE("\x01"), &boolean));
    cr_assert(sockd_value_int(VALUE("\xff"), &integer) && integer == -1);
    cr_assert(sockd_value_int(VALUE("\xcd\x01\x00"), &integer) && integer == 256);
    cr_assert_not(sockd_value_int(VALUE("\xc0"), &integer));
    cr_assert_not(sockd_value_int(VALUE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), &integer));
    cr_assert(sockd_value_double(VALUE("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), &number));
    cr_assert_eq(number, 18446744073709551616.0);
    cr_assert(sockd_value_double(VALUE("\xff"), &number) && number == -1);
    cr_assert(sockd_value_double(VALUE("\xca\x3f\x80\0\0"), &number) && number == 1);
    cr_assert_not(sockd_value_double(VALUE("\xa1"
                                           "1"),
                                     &number));
}

Test(value, data)
{
    const char *data;
    size_t size;

    cr_assert(sockd_value_data(VALUE("\xa2no"), &data, &size) && size == 2);
    cr_assert(sockd_value_data(VALUE("\xc4\x03\0\1\2"), &data, &size) && size == 3 && data[2] == 2);
    cr_assert_not(sockd_value_data(VALUE("\x01"), &data, &size));
    cr_assert_not(sockd_value_data(NULL, &data, &size));
}

Test(value, containers)
{
    const struct sockd_value *array = VALUE("\x92\x01\x02");
    const struct sockd_value *map = VALUE("\x83\x01\x02\xa1"
                                          "a\x03\xa2"
                                          "ab\x04");
    int64_t integer;

    cr_assert_eq(sockd_value_count(array), 2);
    cr_assert(sockd_value_int(sockd_value_at(array, 1), &integer) && integer == 2);
    cr_assert_null(sockd_value_at(array, 2));
    cr_assert_null(sockd_value_key(array, 0));
    cr_assert_null(sockd_value_get(array, "a"));
    cr_assert_eq(sockd_value_count(map), 3);
    cr_assert(sockd_value_int(sockd_value_get(map, "a"), &integer) && integer == 3);
    cr_assert(sockd_value_int(sockd_value_get(map, "ab"), &integer) && integer == 4);
    cr_assert_null(sockd_value_get(map, "b"));
    cr_assert(sockd_value_int(sockd_value_key(map, 0), &integer) && integer == 1);
    cr_assert(sockd_value_int(sockd_value_at(map, 0), &integer) && integer == 2);
    cr_assert_null(sockd_value_key(map, 3));
    cr_assert_eq(sockd_value_count(NULL), 0);
    cr_assert_null(sockd_value_at(NULL, 0));
    cr_assert_eq(sockd_value_count(VALUE("\x05")), 0);
}
