/* JSON there and back: every kind of value, bytes that are no text, what is no JSON. */
#include "client/ctl/json.h"

#include "client/args_private.h"

#include <criterion/criterion.h>
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

/* What JSON becomes of an encoded value. */
static void becomes(const char *bytes, size_t size, const char *expected)
{
    msgpack_zone zone;
    msgpack_object object;

    msgpack_zone_init(&zone, 1024);
    cr_assert_eq(msgpack_unpack(bytes, size, NULL, &zone, &object), MSGPACK_UNPACK_SUCCESS);
    json_t *json = json_of_value((const struct sockd_value *)&object);
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    cr_assert_str_eq(text, expected);
    free(text);
    json_decref(json);
    msgpack_zone_destroy(&zone);
}

#define BECOMES(bytes, expected) becomes(bytes, sizeof(bytes) - 1, expected)

Test(ctl_json, of_values)
{
    BECOMES("\xc0", "null");
    BECOMES("\xc3", "true");
    BECOMES("\xff", "-1");
    BECOMES("\xcb\x3f\xe0\0\0\0\0\0\0", "0.5");
    BECOMES("\xcb\x7f\xf0\0\0\0\0\0\0", "null");
    BECOMES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "1.8446744073709552e19");
    BECOMES("\xa2no", "\"no\"");
    BECOMES("\xc4\x02no", "\"no\"");
    BECOMES("\xc4\x02\xff\x00", "{\"base64\":\"/wA=\"}");
    BECOMES("\xa1\0", "\"\\u0000\"");
    BECOMES("\x92\x01\x90", "[1,[]]");
    BECOMES("\x82\xa1"
            "a\x01\x07\xa1"
            "b",
            "{\"a\":1,\"7\":\"b\"}");
    BECOMES("\x81\xa1\xff\x01", "{\"{\\\"base64\\\":\\\"/w==\\\"}\":1}");
}

/* What an argument in JSON is on the wire. */
static void adds(const char *text, const char *bytes, size_t size)
{
    struct sockd_args *args = sockd_args_new();
    json_error_t error;

    cr_assert(json_add(args, text, &error), "%s", text);
    cr_assert_eq(args->writer.size, size, "%s", text);
    cr_assert_eq(memcmp(args->writer.data, bytes, size), 0, "%s", text);
    sockd_args_free(args);
}

#define ADDS(text, bytes) adds(text, bytes, sizeof(bytes) - 1)

Test(ctl_json, to_arguments)
{
    ADDS("null", "\xc0");
    ADDS("true", "\xc3");
    ADDS("false", "\xc2");
    ADDS("-1", "\xff");
    ADDS("0.5", "\xcb\x3f\xe0\0\0\0\0\0\0");
    ADDS("\"a\\u0000b\"", "\xa3"
                          "a\0b");
    ADDS("[1,\"x\",[]]", "\x93\x01\xa1x\x90");
    ADDS("{\"a\":{}}", "\x81\xa1"
                       "a\x80");
    ADDS("{\"base64\":\"/wA=\"}", "\xc4\x02\xff\x00");
    ADDS("{\"base64\":\"no\"}", "\x81\xa6"
                                "base64\xa2no");
    ADDS("{\"base64\":1}", "\x81\xa6"
                           "base64\x01");
}

Test(ctl_json, what_it_is_not)
{
    struct sockd_args *args = sockd_args_new();
    json_error_t error;

    cr_assert_not(json_add(args, "plain", &error));
    cr_assert_not(json_add(args, "", &error));
    cr_assert_not(json_add(args, "[1", &error));
    cr_assert_eq(args->writer.size, 0);
    sockd_args_free(args);
}
