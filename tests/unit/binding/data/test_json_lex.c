/* The tokens of JSON, one by one. */
#include "binding/data/json_lex.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct json_lex lex;

static void begin(const char *text)
{
    lex = (struct json_lex){.text = text, .length = strlen(text), .odd_numbers = true};
}

static struct json_token only(const char *text)
{
    begin(text);
    return json_lex_next(&lex);
}

/* The kinds of all tokens, by a letter each. */
static const char *kinds(const char *text)
{
    static char letters[64];
    static const char names[] = "{}[]snouibN:,.!";
    size_t count = 0;
    begin(text);
    for (struct json_token token = json_lex_next(&lex);; token = json_lex_next(&lex)) {
        letters[count++] = names[token.kind];
        if (token.kind == JSON_END || token.kind == JSON_WRONG)
            break;
    }
    letters[count] = '\0';
    return letters;
}

Test(json_lex, each_kind)
{
    cr_assert_str_eq(kinds(""), ".");
    cr_assert_str_eq(kinds(" \t\r\n"), ".");
    cr_assert_str_eq(kinds("{}[]:,"), "{}[]:,.");
    cr_assert_str_eq(kinds("true false null"), "bbN.");
    cr_assert_str_eq(kinds("1 -1 1.5 \"s\" nan"), "uinso.");
    cr_assert_str_eq(kinds("{\"a\":[1,2]}"), "{s:[u,u]}.");
    cr_assert_str_eq(kinds("\v"), "!");
    cr_assert_str_eq(kinds("truth"), "!");
    cr_assert_str_eq(kinds("nullx"), "N!");
}

Test(json_lex, a_zero_byte_is_no_end)
{
    lex = (struct json_lex){.text = "1\0 2", .length = 4};
    cr_assert_eq(json_lex_next(&lex).kind, JSON_UNSIGNED);
    cr_assert_eq(json_lex_next(&lex).kind, JSON_WRONG);
    lex = (struct json_lex){.text = "\"a\0b\"", .length = 5};
    struct json_token token = json_lex_next(&lex);
    cr_assert_eq(token.kind, JSON_STRING);
    cr_assert_eq(token.end, 4);
}

Test(json_lex, whole_numbers)
{
    cr_assert_eq(only("0").whole, 0);
    cr_assert_eq(only("-0").kind, JSON_UNSIGNED);
    cr_assert_eq(only("18446744073709551615").whole, UINT64_MAX);
    cr_assert_eq(only("18446744073709551616").kind, JSON_NUMBER);
    cr_assert_eq(only("-1").integer, -1);
    cr_assert_eq(only("-9223372036854775808").integer, INT64_MIN);
    cr_assert_eq(only("-9223372036854775809").kind, JSON_NUMBER);
    cr_assert_eq(only("99999999999999999999999999").kind, JSON_NUMBER);
}

Test(json_lex, where_numbers_end)
{
    static const struct {
        const char *text;
        enum json_kind kind;
        size_t end;
    } rows[] = {
        {"1.", JSON_NUMBER, 2},      {"1.5e3x", JSON_NUMBER, 5}, {"1e5", JSON_NUMBER, 3},
        {"1E+5", JSON_NUMBER, 4},    {"1e-5 ", JSON_NUMBER, 4},  {"1e", JSON_UNSIGNED, 1},
        {"1e+", JSON_UNSIGNED, 1},   {"1.e", JSON_NUMBER, 2},    {"12a", JSON_UNSIGNED, 2},
        {"-1.2e-3", JSON_NUMBER, 7}, {"0.5", JSON_NUMBER, 3},    {"0e1", JSON_NUMBER, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct json_token token = only(rows[i].text);
        cr_expect_eq(token.kind, rows[i].kind, "%s", rows[i].text);
        cr_expect_eq(token.end, rows[i].end, "%s", rows[i].text);
        cr_expect_eq(lex.at, rows[i].end, "%s", rows[i].text);
    }
    static const char *const wrong[] = {"-", "+1", "01", "-01", "0x1", "-0X1", ".5", "--1", "-x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_eq(only(wrong[i]).kind, JSON_WRONG, "%s", wrong[i]);
}

Test(json_lex, odd_numbers_if_they_are_wanted)
{
    cr_assert(isnan(only("nan").number));
    cr_assert(isnan(only("-nan").number));
    cr_assert_eq(only("inf").number, INFINITY);
    cr_assert_eq(only("-inf").number, -INFINITY);
    cr_assert_eq(only("Infinity").kind, JSON_WRONG);
    begin("nan");
    lex.odd_numbers = false;
    cr_assert_eq(json_lex_next(&lex).kind, JSON_WRONG);
}

Test(json_lex, strings)
{
    struct json_token token = only("\"abc\" ");
    cr_assert_eq(token.start, 0);
    cr_assert_eq(token.end, 4);
    cr_assert_not(token.escapes);
    cr_assert(only("\"a\\\"c\"").escapes);
    cr_assert_eq(only("\"a\nb\"").kind, JSON_STRING);
    cr_assert_str_eq(only("\"abc").problem, "unexpected end of string");
    cr_assert_str_eq(only("\"abc\\\"").problem, "unexpected end of string");
    cr_assert_str_eq(only("\"abc\\").problem, "invalid escape code");
    cr_assert_str_eq(only("\"\\x\"").problem, "invalid escape code");
    cr_assert_str_eq(only("\"\\u12\"").problem, "invalid unicode escape code");
}

static const char *unescaped(const char *text)
{
    static char result[8];
    char utf8[4];
    size_t length = 0, used = json_unescape(text, utf8, &length);
    if (used == 0 || used == JSON_BAD_UNICODE)
        return used == 0 ? "wrong" : "unicode";
    cr_assert_eq(used, strlen(text), "%s", text);
    memcpy(result, utf8, length);
    result[length] = '\0';
    return result;
}

Test(json_lex, escapes)
{
    cr_assert_str_eq(unescaped("n"), "\n");
    cr_assert_str_eq(unescaped("b"), "\b");
    cr_assert_str_eq(unescaped("/"), "/");
    cr_assert_str_eq(unescaped("u0041"), "A");
    cr_assert_str_eq(unescaped("u00e4"), "\xc3\xa4");
    cr_assert_str_eq(unescaped("u20AC"), "\xe2\x82\xac");
    cr_assert_str_eq(unescaped("ud83d\\uDE00"), "\xf0\x9f\x98\x80");
    cr_assert_str_eq(unescaped("udbff\\udfff"), "\xf4\x8f\xbf\xbf");
    static const char *const wrong[] = {"ud83d", "ud83d\\u0041", "ud83dxx", "ude00",
                                        "u",     "u00g0",        "u004"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_str_eq(unescaped(wrong[i]), "unicode", "%s", wrong[i]);
    cr_assert_str_eq(unescaped("x"), "wrong");
    cr_assert_str_eq(unescaped(""), "wrong");
}

Test(json_lex, places_and_names)
{
    size_t line, character;
    begin("[1,\n\n  x");
    struct json_token token;
    do
        token = json_lex_next(&lex);
    while (token.kind != JSON_WRONG);
    json_lex_place(&lex, &token, &line, &character);
    cr_assert_eq(line, 3);
    cr_assert_eq(character, 3);
    cr_assert_str_eq(json_token_name(&token), "invalid token");
    token = only("");
    json_lex_place(&lex, &token, &line, &character);
    cr_assert_eq(line, 1);
    cr_assert_eq(character, 1);
    cr_assert_str_eq(json_token_name(&token), "T_END");
    token = only("{");
    cr_assert_str_eq(json_token_name(&token), "T_OBJ_BEGIN");
}
