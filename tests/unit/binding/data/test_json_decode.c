/* JSON as values: what is wrong, where, and how deep. */
#include "binding_fixture.h"

#include "binding/data/json.h"

TestSuite(json_decode, .init = fixture_up, .fini = fixture_down);

/* The text is that of a string in Lua, in long brackets. */
static const char *decoded(const char *text, const char *expression)
{
    char code[512];
    snprintf(code, sizeof code,
             "local json = require('json') local v = json.decode([==[%s]==])"
             " return %s",
             text, expression);
    return fixture_lua(code);
}

static const char *problem(const char *text)
{
    const char *result = decoded(text, "type(v)");
    return strncmp(result, "error: test:1: ", 15) == 0 ? result + 15 : result;
}

Test(json_decode, scalars)
{
    cr_assert_str_eq(decoded("true", "v"), "true");
    cr_assert_str_eq(decoded("null", "v == nil, type(v)"), "true cdata");
    cr_assert_str_eq(decoded(" -12.5e1 ", "v"), "-125");
    cr_assert_str_eq(decoded("99999999999999", "type(v)"), "number");
    cr_assert_str_eq(decoded("100000000000000", "tostring(v)"), "100000000000000LL");
    cr_assert_str_eq(decoded("-9223372036854775808", "tostring(v)"), "-9223372036854775808LL");
    cr_assert_str_eq(decoded("18446744073709551615", "tostring(v)"), "18446744073709551615ULL");
    cr_assert_str_eq(decoded("18446744073709551616", "v == 2^64"), "true");
    cr_assert_str_eq(decoded("1e999", "v"), "inf");
    cr_assert_str_eq(decoded("-inf", "v"), "-inf");
    cr_assert_str_eq(decoded("\"a\\u00e4\\n\\ud83d\\ude00z\"", "v"),
                     "a\xc3\xa4\n\xf0\x9f\x98\x80z");
    cr_assert_str_eq(decoded("\"\\u0000\"", "#v"), "1");
}

Test(json_decode, tables)
{
    cr_assert_str_eq(decoded("[]", "#v, getmetatable(v) == json.array_mt"), "0 true");
    cr_assert_str_eq(decoded("{}", "next(v), getmetatable(v) == json.map_mt"), "nil true");
    cr_assert_str_eq(decoded("[1, [2, {\"a\": [3]}]]", "v[2][2].a[1]"), "3");
    cr_assert_str_eq(decoded("{\"a\":1,\"a\":2}", "v.a"), "2");
    cr_assert_str_eq(decoded("[null]", "#v, v[1] == json.NULL"), "1 true");
    cr_assert_str_eq(fixture_lua("return getmetatable(require('json').decode('[]',"
                                 "{decode_save_metatables = false}))"),
                     "nil");
}

Test(json_decode, complaints_say_what_and_where)
{
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {"", "Expected value but found T_END on line 1 at character 1"},
        {"[1,2", "Expected comma or array end but found T_END on line 1 at character 5"},
        {"[1 2]", "Expected comma or array end but found T_INT on line 1 at character 4"},
        {"[1,]", "Expected value but found T_ARR_END on line 1 at character 4"},
        {"{\"a\" 1}", "Expected colon but found T_INT on line 1 at character 6"},
        {"{\"a\":1 \"b\"}", "Expected comma or object end but found T_STRING on line 1 at "
                            "character 8"},
        {"{a:1}", "Expected object key string but found invalid token on line 1 at character 2"},
        {"{\"a\":1,}", "Expected object key string but found T_OBJ_END on line 1 at character 8"},
        {"1 true", "Expected the end but found T_BOOLEAN on line 1 at character 3"},
        {"[1,\n2,\nx]", "Expected value but found invalid token on line 3 at character 1"},
        {"\"abc", "Expected value but found unexpected end of string on line 1 at character 5"},
        {"\"a\\x\"", "Expected value but found invalid escape code on line 1 at character 3"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_str_eq(problem(rows[i].text), rows[i].problem, "%s: %s", rows[i].text,
                         problem(rows[i].text));
}

Test(json_decode, depth)
{
#define NEST(count) "local json = require('json') return type(json.decode(('['):rep(" count ")"
    cr_assert_str_eq(fixture_lua(NEST("128") ".. (']'):rep(128)))"), "table");
    cr_assert_str_eq(fixture_lua(NEST("129") "))"),
                     "error: test:1: Found too many nested data structures (129) on line 1 at "
                     "character 129");
    cr_assert_str_eq(fixture_lua(NEST("1000") ".. (']'):rep(1000), {decode_max_depth = 1e6}))"),
                     "table");
    cr_assert_str_eq(fixture_lua(NEST("1e6") ", {decode_max_depth = 1e6}))"),
                     "error: test:1: Found too many nested data structures (1001) on line 1 at "
                     "character 1001");
}

Test(json_decode, numbers_that_are_none_may_be_refused)
{
    cr_assert_str_eq(fixture_lua("return (require('json').decode('1e999',"
                                 "{decode_invalid_numbers = false}))"),
                     "error: test:1: number must not be NaN or Inf");
    cr_assert_str_eq(fixture_lua("return (require('json').decode('nan',"
                                 "{decode_invalid_numbers = false}))"),
                     "error: test:1: Expected value but found invalid token on line 1 at "
                     "character 1");
}

Test(json_decode, arguments)
{
    cr_assert_str_eq(fixture_lua("return (require('json').decode())"),
                     "error: test:1: bad argument #1 to 'decode' (expected 1 or 2 arguments)");
    cr_assert_str_eq(fixture_lua("return (require('json').decode({}))"),
                     "error: test:1: bad argument #1 to 'decode' (string expected, got table)");
    cr_assert_str_eq(fixture_lua("return require('json').decode(5)"), "5");
    cr_assert_str_eq(fixture_lua("return (require('json').decode('1\\0'))"),
                     "error: test:1: JSON parser does not support UTF-16 or UTF-32");
}

/* Each text cut at each byte, and with each byte changed, is decoded or complained about. */
Test(json_decode, damaged_texts)
{
    cr_assert_str_eq(
        fixture_lua("local json = require('json')"
                    "local text = '{\"a\": [1, -2.5e3, true, null, \"\\\\ud83d\\\\ude00\\\\n\"], "
                    "\"b\": {\"c\": [[], {}]}}'"
                    "for i = 0, #text do pcall(json.decode, text:sub(1, i)) "
                    "for byte = 0, 255 do pcall(json.decode,"
                    "text:sub(1, i) .. string.char(byte) .. text:sub(i + 2)) end end "
                    "return json.decode(text).b.c[1][1]"),
        "nil");
}

/* Texts of 128 KiB and more are decoded in slices. */
Test(json_decode, long_texts_are_decoded_as_short_ones_are)
{
    cr_assert_str_eq(
        fixture_lua(
            "local json = require('json')"
            " local part = '{\"a\": [1, {\"b\": [[], {}, \"x\\\\ny\"]}], \"c\": null, \"d\": -1.5}'"
            " local all = json.decode('[' .. (part .. ','):rep(20000) .. part .. ']')"
            " for i = 1, #all do if json.encode(all[i]) ~= json.encode(json.decode(part)) then"
            " return i end end return #all, all[20001].a[2].b[3]"),
        "20001 x\ny");
}

Test(json_decode, long_texts_have_the_same_errors)
{
    static const struct {
        const char *end, *error;
    } cases[] = {
        {"1}", "Expected comma or array end but found T_OBJ_END on line 1 at character 400003"},
        {"]", "Expected value but found T_ARR_END on line 1 at character 400002"},
        {"1", "Expected comma or array end but found T_END on line 1 at character 400003"},
        {"1] 2", "Expected the end but found T_INT on line 1 at character 400005"},
        {"{1", "Expected object key string but found T_INT on line 1 at character 400003"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char code[256];
        snprintf(code, sizeof code,
                 "return pcall(require('json').decode, '[' .. ('1,'):rep(200000) .. '%s')",
                 cases[i].end);
        const char *result = fixture_lua(code);
        cr_assert_not_null(strstr(result, cases[i].error), "%s", result);
    }
}
