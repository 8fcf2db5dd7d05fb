/* Values as JSON: what tests/lua cannot see or say. */
#include "binding_fixture.h"

#include "binding/data/json.h"

#include <locale.h>

TestSuite(json_encode, .init = fixture_up, .fini = fixture_down);

static const char *encoded(const char *expression)
{
    char code[512];
    snprintf(code, sizeof code, "return (require('json').encode(%s))", expression);
    return fixture_lua(code);
}

Test(json_encode, numbers)
{
    cr_assert_str_eq(encoded("0"), "0");
    cr_assert_str_eq(encoded("-0"), "0");
    cr_assert_str_eq(encoded("2^53 - 1"), "9007199254740991");
    cr_assert_str_eq(encoded("-2^63"), "-9223372036854775808");
    cr_assert_str_eq(encoded("18446744073709551615ULL"), "18446744073709551615");
    cr_assert_str_eq(encoded("1/3"), "0.33333333333333");
    cr_assert_str_eq(encoded("-1e-7"), "-1e-07");
    cr_assert_str_eq(encoded("1e300"), "1e+300");
    cr_assert_str_eq(encoded("{1/0, -1/0, 0/0, -(0/0)}"), "[inf,-inf,nan,nan]");
    cr_assert_str_eq(encoded("0.1, {encode_number_precision = 30}"), "0.10000000000000001");
}

/* Some have a comma for the point. */
Test(json_encode, numbers_do_not_depend_on_the_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE", "ru_RU.UTF-8", "fr_FR.UTF-8"};
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && setlocale(LC_NUMERIC, names[i]) == NULL)
        i++;
    cr_assert_str_eq(encoded("{1.5, -2.5e-10, 1/0}"), "[1.5,-2.5e-10,inf]");
    cr_assert_str_eq(fixture_lua("return require('json').decode('1.5') == 1.5"), "true");
}

Test(json_encode, strings)
{
    cr_assert_str_eq(encoded("''"), "\"\"");
    cr_assert_str_eq(encoded("'a\\0b'"), "\"a\\u0000b\"");
    cr_assert_str_eq(encoded("'\\1\\31\\127'"), "\"\\u0001\\u001f\\u007f\"");
    cr_assert_str_eq(encoded("'\\8\\9\\10\\12\\13\"\\\\/'"), "\"\\b\\t\\n\\f\\r\\\"\\\\\\/\"");
    cr_assert_str_eq(encoded("'\\195\\164\\255'"), "\"\xc3\xa4\xff\"");
}

Test(json_encode, tables)
{
    cr_assert_str_eq(encoded("{}"), "[]");
    cr_assert_str_eq(encoded("{1, nil, {a = {}}}"), "[1,null,{\"a\":[]}]");
    cr_assert_str_eq(encoded("{[-1] = 'x'}"), "{\"-1\":\"x\"}");
    cr_assert_str_eq(encoded("{[5LL] = 'x'}"), "{\"5\":\"x\"}");
    static const char *const keys[] = {"{[1.5] = 1}", "{[true] = 1}", "{[{}] = 1}"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        cr_expect_str_eq(encoded(keys[i]), "error: test:1: table key must be a number or string");
}

Test(json_encode, depth)
{
    cr_assert_str_eq(fixture_lua("local t = {} for _ = 1, 127 do t = {t} end "
                                 "return #require('json').encode(t)"),
                     "256");
    cr_assert_str_eq(fixture_lua("local t = {} for _ = 1, 128 do t = {t} end "
                                 "return #require('json').encode(t)"),
                     "error: test:1: Too high nest level");
    cr_assert_str_eq(encoded("{{{1}}}, {encode_max_depth = 2, encode_deep_as_nil = true}"),
                     "[[null]]");
}

/* The limit of the settings may be lifted, that of the stack not. */
Test(json_encode, a_cycle_ends)
{
    cr_assert_str_eq(fixture_lua("local t = {} t[1] = t "
                                 "return (require('json').encode(t, {encode_max_depth = 1e9}))"),
                     "error: test:1: Too high nest level");
    cr_assert_str_eq(fixture_lua("local t = setmetatable({}, {__serialize = function(t) "
                                 "return {setmetatable({}, getmetatable(t))} end})"
                                 "return (pcall(require('json').encode, t,"
                                 "{encode_max_depth = 1e9}))"),
                     "false");
}

Test(json_encode, arguments)
{
    cr_assert_str_eq(encoded(""), "error: test:1: bad argument #1 to 'encode' "
                                  "(expected 1 or 2 arguments)");
    cr_assert_str_eq(encoded("1, {}, 3"), "error: test:1: bad argument #1 to 'encode' "
                                          "(expected 1 or 2 arguments)");
    cr_assert_str_eq(encoded("nil"), "null");
}
