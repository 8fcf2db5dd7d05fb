/* Parameters written by the caller: counted, whole or not, safe to use without memory. */
#include "client/args_private.h"

#include "protocol/limits.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Test(args, values_of_all_kinds)
{
    static const char expected[] =
        "\xc0\xc3\x05\xcb\x3f\xe0\0\0\0\0\0\0\xa1t\xa2st\xc4\x01\0\x91\xc0\x81\xa1k\x01";
    struct sockd_args *args = sockd_args_new();
    uint32_t count;

    sockd_args_nil(args);
    sockd_args_bool(args, true);
    sockd_args_int(args, 5);
    sockd_args_double(args, 0.5);
    sockd_args_text(args, "t");
    sockd_args_str(args, "str", 2);
    sockd_args_bytes(args, "\0", 1);
    sockd_args_array(args, 1);
    sockd_args_nil(args);
    sockd_args_map(args, 1);
    sockd_args_text(args, "k");
    sockd_args_int(args, 1);
    cr_assert_eq(args_count(args, &count), 0);
    cr_assert_eq(count, 9);
    cr_assert_eq(args->writer.size, sizeof expected - 1);
    cr_assert_eq(memcmp(args->writer.data, expected, sizeof expected - 1), 0);
    sockd_args_clear(args);
    cr_assert_eq(args_count(args, &count), 0);
    cr_assert_eq(count, 0);
    sockd_args_free(args);
}

Test(args, what_lacks_values_is_not_whole)
{
    struct sockd_args *args = sockd_args_new();
    uint32_t count;

    sockd_args_int(args, 1);
    sockd_args_map(args, 1);
    sockd_args_text(args, "key without value");
    cr_assert_eq(args_count(args, &count), -EINVAL);
    sockd_args_free(args);
}

Test(args, too_long_is_told_when_used)
{
    struct sockd_args *args = sockd_args_new();
    char *data = calloc(1, LIMIT_MESSAGE);
    uint32_t count;

    sockd_args_bytes(args, data, LIMIT_MESSAGE);
    sockd_args_nil(args);
    cr_assert_eq(args_count(args, &count), -EMSGSIZE);
    free(data);
    sockd_args_free(args);
}

Test(args, none_at_all)
{
    uint32_t count = 7;

    sockd_args_nil(NULL);
    sockd_args_bool(NULL, true);
    sockd_args_int(NULL, 5);
    sockd_args_double(NULL, 0.5);
    sockd_args_text(NULL, "t");
    sockd_args_str(NULL, "str", 2);
    sockd_args_bytes(NULL, "\0", 1);
    sockd_args_array(NULL, 1);
    sockd_args_map(NULL, 1);
    sockd_args_clear(NULL);
    sockd_args_free(NULL);
    cr_assert_eq(args_count(NULL, &count), 0);
    cr_assert_eq(count, 0);
}
