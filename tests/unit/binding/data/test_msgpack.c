/* The module msgpack: bytes there, and the arguments of both functions. */
#include "binding_fixture.h"

TestSuite(msgpack, .init = fixture_up, .fini = fixture_down);

/* The bytes of an expression in hexadecimal. */
static const char *hex(const char *expression)
{
    char code[512];
    snprintf(code, sizeof code,
             "return (require('msgpack').encode(%s):gsub('.', function(c) "
             "return ('%%02x'):format(c:byte()) end))",
             expression);
    return fixture_lua(code);
}

Test(msgpack, encodes_each_kind)
{
    cr_assert_str_eq(hex("nil"), "c0");
    cr_assert_str_eq(hex("require('msgpack').NULL"), "c0");
    cr_assert_str_eq(hex("false"), "c2");
    cr_assert_str_eq(hex("true"), "c3");
    cr_assert_str_eq(hex("127"), "7f");
    cr_assert_str_eq(hex("-33"), "d0df");
    cr_assert_str_eq(hex("2^53 + 2"), "cf0020000000000002");
    cr_assert_str_eq(hex("18446744073709551615ULL"), "cfffffffffffffffff");
    cr_assert_str_eq(hex("-9007199254740993LL"), "d3ffdfffffffffffff");
    cr_assert_str_eq(hex("1.5"), "cb3ff8000000000000");
    cr_assert_str_eq(hex("'a\\255'"), "a261ff");
    cr_assert_str_eq(hex("{1, nil, 3}"), "9301c003");
    cr_assert_str_eq(hex("{}"), "90");
    cr_assert_str_eq(hex("setmetatable({}, {__serialize = 'map'})"), "80");
    cr_assert_str_eq(hex("{[-3] = {x = 1}}"), "81fd81a17801");
    cr_assert_str_eq(hex("{[1.5] = true}"), "81cb3ff8000000000000c3");
}

Test(msgpack, refuses_what_it_cannot_encode)
{
    cr_assert_str_eq(hex("{print}"), "error: test:1: unsupported Lua type 'function'");
    cr_assert_str_eq(hex(""), "error: test:1: msgpack.encode: a Lua object expected");
    cr_assert_str_eq(hex("1, {}"),
                     "error: test:1: msgpack.encode: there are no buffers to encode into");
    cr_assert_str_eq(fixture_lua("local t = {} t[1] = t return (require('msgpack').encode(t))"),
                     "error: test:1: Too high nest level - 129");
    cr_assert_str_eq(fixture_lua("local m = require('msgpack').new()"
                                 "m.cfg({encode_max_depth = 1, encode_deep_as_nil = true})"
                                 "return #m.encode({{}, {}})"),
                     "3");
}

/* Else the bytes would say more pairs than there are. */
Test(msgpack, a_table_that_changes_meanwhile)
{
    cr_assert_str_eq(
        fixture_lua("local t = {} t.a = setmetatable({}, {__serialize = function() "
                    "t.b = nil t.c = nil t.d = nil return 1 end}) t.b, t.c, t.d = t.a, t.a, t.a "
                    "return (require('msgpack').encode(t))"),
        "error: test:1: the table changed while it was encoded");
}

Test(msgpack, offsets)
{
#define DECODE     "local decode = require('msgpack').decode local value, at = "
#define AND_RETURN " return value, at"
    cr_assert_str_eq(fixture_lua(DECODE "decode('\\1\\2\\3')" AND_RETURN), "1 2");
    cr_assert_str_eq(fixture_lua(DECODE "decode('\\1\\2\\3', 3)" AND_RETURN), "3 4");
    cr_assert_str_eq(fixture_lua(DECODE "decode('\\1\\2\\3', 2, 5)" AND_RETURN), "2 3");
    static const char *const beyond[] = {"4", "0", "-1", "0/0"};
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        char code[128];
        snprintf(code, sizeof code, DECODE "decode('\\1\\2\\3', %s)" AND_RETURN, beyond[i]);
        cr_expect_str_eq(fixture_lua(code),
                         "error: test:1: msgpack.decode: offset is out of bounds");
    }
    cr_assert_str_eq(fixture_lua(DECODE "(pcall(decode, '\\1', nil))" AND_RETURN), "false nil");
    cr_assert_str_eq(fixture_lua(DECODE "(pcall(decode, '\\1', 'x'))" AND_RETURN), "false nil");
}

Test(msgpack, decodes_strings_only)
{
    static const char *const wrong[] = {"", "nil", "5", "{}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char code[128];
        snprintf(code, sizeof code, DECODE "decode(%s)" AND_RETURN, wrong[i]);
        cr_expect_str_eq(fixture_lua(code), "error: test:1: msgpack.decode: a Lua string expected");
    }
    cr_assert_str_eq(fixture_lua("local m = require('msgpack') return m.decode_unchecked('\\5')"),
                     "5 2");
}
