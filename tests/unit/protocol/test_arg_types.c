/* The readers of parameter types: what each takes, what it refuses, and that a refusal moves
 * nothing. */
#include "protocol/arg_types.h"

#include <criterion/criterion.h>
#include <string.h>

/* Reads the bytes as the type; checks that a refusal leaves the view. */
static bool reads(enum method_type type, struct arg *arg, const char *bytes, size_t size)
{
    struct view view = view_of(bytes, size);

    memset(arg, 0, sizeof *arg);
    bool right = arg_readers[type](&view, arg);
    cr_assert_eq(view_left(&view), right ? 0 : size);
    return right;
}

#define READS(type, arg, bytes) reads(METHOD_TYPE_##type, arg, bytes, sizeof(bytes) - 1)

static bool bytes_are(const struct arg *arg, const char *text)
{
    return arg->kind == ARG_BYTES && arg->bytes.size == strlen(text) &&
           memcmp(arg->bytes.data, text, arg->bytes.size) == 0;
}

static bool integer_is(const struct arg *arg, int64_t integer)
{
    return arg->kind == ARG_INTEGER && arg->integer == integer;
}

Test(arg_types, every_type_but_the_rest_has_a_reader)
{
    for (int type = 0; type < METHOD_TYPE_COUNT; type++)
        cr_assert_eq(arg_readers[type] == NULL, type == METHOD_TYPE_REST);
}

Test(arg_types, handle)
{
    struct arg arg;

    cr_assert(READS(HANDLE, &arg, "\x07") && integer_is(&arg, 7));
    cr_assert(READS(HANDLE, &arg, "\xa3web") && bytes_are(&arg, "web"));
    cr_assert_not(READS(HANDLE, &arg, "\x00"));
    cr_assert_not(READS(HANDLE, &arg, "\xff"));
    cr_assert_not(READS(HANDLE, &arg, "\xc3"));
}

Test(arg_types, host)
{
    struct arg arg;

    cr_assert(READS(HOST, &arg, "\x00") && integer_is(&arg, 0));
    cr_assert(READS(HOST, &arg, "\xa3::1") && bytes_are(&arg, "::1"));
    cr_assert_not(READS(HOST, &arg, "\x01"));
    cr_assert_not(READS(HOST, &arg, "\xc4\x01x"));
    struct view view = view_of("\xa3"
                               "a\0b",
                               4);
    cr_assert_not(arg_readers[METHOD_TYPE_HOST](&view, &arg), "a NUL inside");
}

Test(arg_types, port)
{
    struct arg arg;

    cr_assert(READS(PORT, &arg, "\xcd\xff\xff") && integer_is(&arg, 65535));
    cr_assert(READS(PORT, &arg, "\xa4http") && bytes_are(&arg, "http"));
    cr_assert_not(READS(PORT, &arg, "\xce\x00\x01\x00\x00"));
    cr_assert_not(READS(PORT, &arg, "\xff"));
}

Test(arg_types, service)
{
    struct arg arg;

    cr_assert(READS(SERVICE, &arg, "\x50") && integer_is(&arg, 80));
    cr_assert(READS(SERVICE, &arg, "\xa4http") && bytes_are(&arg, "http"));
    cr_assert_not(READS(SERVICE, &arg, "\xce\x00\x01\x00\x00"));
    cr_assert_not(READS(SERVICE, &arg, "\xa2h\0"), "a NUL inside");
}

Test(arg_types, events)
{
    struct arg arg;

    cr_assert(READS(EVENTS, &arg, "\x03") && integer_is(&arg, 3));
    cr_assert(READS(EVENTS, &arg, "\xa1R") && bytes_are(&arg, "R"));
    cr_assert(READS(EVENTS, &arg, "\xa2wR") && bytes_are(&arg, "wR"));
    cr_assert_not(READS(EVENTS, &arg, "\x00"));
    cr_assert_not(READS(EVENTS, &arg, "\x04"));
    cr_assert_not(READS(EVENTS, &arg, "\xa0"));
    cr_assert_not(READS(EVENTS, &arg, "\xa2RR"));
    cr_assert_not(READS(EVENTS, &arg, "\xc3"));
}

Test(arg_types, value)
{
    static const char *const right[] = {"\x05",  "\xc2",      "\xca\x3f\x80\x01\x01",
                                        "\xa1x", "\xc4\x01x", "\x92\x01\x02"};
    struct arg arg;

    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        cr_assert(reads(METHOD_TYPE_VALUE, &arg, right[i], strlen(right[i])), "%zu", i);
        cr_assert_eq(arg.kind, ARG_VALUE);
        cr_assert_eq(view_left(&arg.list.value), strlen(right[i]));
    }
    cr_assert_not(READS(VALUE, &arg, "\x81\x01\x02"));
    cr_assert_not(READS(VALUE, &arg, "\xc0"));
    cr_assert_not(READS(VALUE, &arg, "\x92\x01"), "not whole");
}

Test(arg_types, bytes_and_str)
{
    struct arg arg;

    cr_assert(READS(BYTES, &arg, "\xc4\x02\xff\xfe") && bytes_are(&arg, "\xff\xfe"));
    cr_assert(READS(BYTES, &arg, "\xa2no") && bytes_are(&arg, "no"));
    cr_assert_not(READS(BYTES, &arg, "\x05"));
    cr_assert(READS(STR, &arg, "\xa2no") && bytes_are(&arg, "no"));
    cr_assert_not(READS(STR, &arg, "\xc4\x02no"));
}

Test(arg_types, integers)
{
    struct arg arg;

    cr_assert(READS(SIZE, &arg, "\x00") && integer_is(&arg, 0));
    cr_assert_not(READS(SIZE, &arg, "\xff"));
    cr_assert(READS(INT, &arg, "\xd2\x80\x00\x00\x00") && integer_is(&arg, INT32_MIN));
    cr_assert_not(READS(INT, &arg, "\xce\x80\x00\x00\x00"));
    cr_assert(READS(MSGID, &arg, "\xce\xff\xff\xff\xff") && integer_is(&arg, UINT32_MAX));
    cr_assert_not(READS(MSGID, &arg, "\xff"));
    cr_assert(READS(BOOL, &arg, "\xc3") && arg.kind == ARG_BOOLEAN && arg.boolean);
    cr_assert_not(READS(BOOL, &arg, "\x01"));
}

Test(arg_types, symbol_and_flags)
{
    struct arg arg;

    cr_assert(READS(SYMBOL, &arg, "\x02") && integer_is(&arg, 2));
    cr_assert(READS(SYMBOL, &arg,
                    "\xa7"
                    "AF_INET") &&
              bytes_are(&arg, "AF_INET"));
    cr_assert_not(READS(SYMBOL, &arg, "\xc2"));
    cr_assert(READS(FLAGS, &arg, "\x02") && integer_is(&arg, 2));
    cr_assert(READS(FLAGS, &arg,
                    "\x92\xa1"
                    "a\xa1"
                    "b"));
    cr_assert_eq(arg.kind, ARG_LIST);
    cr_assert_eq(arg.list.count, 2);
    const char *data;
    size_t size;
    cr_assert(view_str(&arg.list.value, &data, &size) && size == 1 && *data == 'a');
    cr_assert_not(READS(FLAGS, &arg,
                        "\x92\xa1"
                        "a\x01"));
    cr_assert_not(READS(FLAGS, &arg, "\x80"));
}

Test(arg_types, timeout)
{
    struct arg arg;

    cr_assert(READS(TIMEOUT, &arg, "\x05") && arg.number == 5.0);
    cr_assert(READS(TIMEOUT, &arg, "\xca\xbf\x80\x00\x00") && arg.number == -1.0);
    cr_assert_not(READS(TIMEOUT, &arg, "\xca\x7f\xc0\x00\x00"), "not a number");
    cr_assert_not(READS(TIMEOUT, &arg,
                        "\xa1"
                        "5"));
}

Test(arg_types, handler)
{
    struct arg arg;

    cr_assert(READS(HANDLER, &arg,
                    "\xa4"
                    "echo") &&
              bytes_are(&arg, "echo"));
    cr_assert_null(arg.name.data);
    cr_assert(READS(HANDLER, &arg,
                    "\x82\xa7handler\xa1"
                    "f\xa4name\xa2"
                    "me"));
    cr_assert(bytes_are(&arg, "f"));
    cr_assert_eq(arg.name.size, 2);
    cr_assert_not(READS(HANDLER, &arg,
                        "\x81\xa4name\xa2"
                        "me"),
                  "no handler in it");
    cr_assert_not(READS(HANDLER, &arg,
                        "\x81\xa5other\xa2"
                        "me"));
    cr_assert_not(READS(HANDLER, &arg, "\x81\xa7handler\x01"));
    cr_assert_not(READS(HANDLER, &arg, "\x01"));
}

Test(arg_types, map)
{
    struct arg arg;
    uint32_t pairs;

    cr_assert(READS(MAP, &arg,
                    "\x81\xa1"
                    "a\x01") &&
              arg.kind == ARG_VALUE);
    cr_assert(view_map(&arg.list.value, &pairs) && pairs == 1);
    cr_assert_not(READS(MAP, &arg, "\x90"));
}

Test(arg_types, what)
{
    struct arg arg;

    cr_assert(READS(WHAT, &arg, "\x0a") && arg.kind == ARG_WHAT);
    cr_assert(arg.what.has_limit && arg.what.limit == 10 && arg.what.delimiters == 0);
    cr_assert(READS(WHAT, &arg, "\xa1\n") && arg.kind == ARG_WHAT);
    cr_assert(!arg.what.has_limit && arg.what.delimiters == 1);
    cr_assert_not(READS(WHAT, &arg, "\xa0"));
    cr_assert_not(READS(WHAT, &arg, "\xff"));
    cr_assert_not(READS(WHAT, &arg, "\x91\xa1\n"), "a list is for the map form");
}

Test(arg_types, delimiters_by_list)
{
    arg_read_fn read = arg_what_reader("line", 4);
    struct arg arg = {.kind = ARG_ABSENT};
    struct view view = view_of("\x92\xa1\n\xc4\x01\0", 6);

    cr_assert_eq(read, arg_what_reader("delimiter", 9));
    cr_assert(read(&view, &arg));
    cr_assert_eq(arg.what.delimiters, 2);
    view = view_of("\x90", 1);
    cr_assert_not(read(&view, &arg));
    view = view_of("\x91\xa0", 2);
    cr_assert_not(read(&view, &arg));
    view = view_of("\xdc\x00\x11", 3);
    cr_assert_not(read(&view, &arg), "seventeen");
    cr_assert_eq(arg_what_reader("limit", 5), arg_read_limit);
    cr_assert_eq(arg_what_reader("chunk", 5), arg_read_limit);
    cr_assert_eq(arg_what_reader("size", 4), arg_read_limit);
    cr_assert_null(arg_what_reader("timeout", 7));
}
