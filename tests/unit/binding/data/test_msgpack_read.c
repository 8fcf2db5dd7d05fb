/* MessagePack as values: each form, and what is wrong. */
#include "binding_fixture.h"

#include "binding/data/msgpack_read.h"

TestSuite(msgpack_read, .init = fixture_up, .fini = fixture_down);

/* An expression of the value `v` of bytes that stand in hexadecimal. */
static const char *of(const char *hex, const char *expression)
{
    char code[1024];
    snprintf(code, sizeof code,
             "local bytes = ('%s'):gsub('..', function(h) "
             "return string.char(tonumber(h, 16)) end)"
             "local msgpack = require('msgpack')"
             "local v, after = msgpack.decode(bytes)"
             "assert(after == #bytes + 1) return %s",
             hex, expression);
    return fixture_lua(code);
}

Test(msgpack_read, scalars)
{
    cr_assert_str_eq(of("c0", "v == nil, type(v)"), "true cdata");
    cr_assert_str_eq(of("c2", "v"), "false");
    cr_assert_str_eq(of("c3", "v"), "true");
    cr_assert_str_eq(of("7f", "v"), "127");
    cr_assert_str_eq(of("e0", "v"), "-32");
    cr_assert_str_eq(of("ccff", "v"), "255");
    cr_assert_str_eq(of("cd0100", "v"), "256");
    cr_assert_str_eq(of("ceffffffff", "v"), "4294967295");
    cr_assert_str_eq(of("cf0000000000000005", "v"), "5");
    cr_assert_str_eq(of("cfffffffffffffffff", "tostring(v)"), "18446744073709551615ULL");
    cr_assert_str_eq(of("d080", "v"), "-128");
    cr_assert_str_eq(of("d07f", "v"), "127");
    cr_assert_str_eq(of("d18000", "v"), "-32768");
    cr_assert_str_eq(of("d280000000", "v"), "-2147483648");
    cr_assert_str_eq(of("d3ffffffffffffffff", "v"), "-1");
    cr_assert_str_eq(of("d38000000000000000", "tostring(v)"), "-9223372036854775808LL");
    cr_assert_str_eq(of("ca3fc00000", "v"), "1.5");
    cr_assert_str_eq(of("cb3ff8000000000000", "v"), "1.5");
}

Test(msgpack_read, strings_and_bytes)
{
    static const char *const forms[] = {"a3616263",         "d903616263", "da0003616263",
                                        "db00000003616263", "c403616263", "c50003616263",
                                        "c600000003616263"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        cr_expect_str_eq(of(forms[i], "v"), "abc", "%s", forms[i]);
    cr_assert_str_eq(of("a0", "#v"), "0");
}

Test(msgpack_read, tables)
{
    static const char *const arrays[] = {"920102", "dc00020102", "dd000000020102"};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        cr_expect_str_eq(of(arrays[i], "#v, v[2], getmetatable(v) == msgpack.array_mt"),
                         "2 2 true");
    static const char *const maps[] = {"81a16101", "de0001a16101", "df00000001a16101"};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        cr_expect_str_eq(of(maps[i], "v.a, getmetatable(v) == msgpack.map_mt"), "1 true");
    cr_assert_str_eq(of("82019103fe81a16180", "v[1][1], next(v[-2].a)"), "3 nil");
    cr_assert_str_eq(of("81c001", "v[msgpack.NULL]"), "1");
}

Test(msgpack_read, what_is_wrong)
{
    static const char *const wrong[] = {
        "",           "c1",         "a26f",       "d9",
        "d905616263", "cc",         "ce0000",     "cb3ff8",
        "9201",       "dc00",       "81",         "81a161",
        "dd10000000", "dfffffffff", "dbffffffff", "dd00000003c0c0",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_str_eq(of(wrong[i], "v"), "error: test:1: msgpack.decode: invalid MsgPack", "%s",
                         wrong[i]);
    cr_assert_str_eq(of("d40561", "v"),
                     "error: test:1: msgpack.decode: extension type 5 is not supported");
    cr_assert_str_eq(of("c702ff6161", "v"),
                     "error: test:1: msgpack.decode: extension type -1 is not supported");
    cr_assert_str_eq(of("c705ff6161", "v"), "error: test:1: msgpack.decode: invalid MsgPack");
    cr_assert_not_null(strstr(of("81cb7ff800000000000001", "v"), "index is NaN"));
}

/* Five bytes announce what would take gigabytes, a thousand times over. */
Test(msgpack_read, announcements_take_no_memory)
{
    fixture_configure(&(struct binding_config){.memory = 8 << 20});
    cr_assert_str_eq(fixture_lua("local huge = '\\221\\0\\15\\0\\0'"
                                 "return (pcall(require('msgpack').decode,"
                                 "huge:rep(900) .. ('\\192'):rep(1e6)))"),
                     "false");
    size_t used = vm_memory(binding_vm(binding));
    cr_assert_lt(used, (size_t)6 << 20, "%zu bytes are used", used);
}

Test(msgpack_read, depth)
{
#define NEST(count) "return type(require('msgpack').decode(('\\145'):rep(" count ") .. '\\1'))"
    cr_assert_str_eq(fixture_lua(NEST("1000")), "table");
    cr_assert_str_eq(fixture_lua(NEST("1e6")),
                     "error: test:1: msgpack.decode: tables nest too deep");
}

/* Each byte of a message changed to each other: an answer or a complaint. */
Test(msgpack_read, damaged_messages)
{
    cr_assert_str_eq(
        fixture_lua("local m = require('msgpack')"
                    "local bytes = m.encode({1, -1, 1.5, 'text', {a = {true, m.NULL}}, 2^40})"
                    "for i = 1, #bytes do pcall(m.decode, bytes:sub(1, i - 1)) "
                    "for byte = 0, 255 do pcall(m.decode,"
                    "bytes:sub(1, i - 1) .. string.char(byte) .. bytes:sub(i + 1)) end end "
                    "return #m.decode(bytes)"),
        "6");
}
