/* Escapes: what the user types, and what a terminal is shown. */
#include "client/ctl/escape.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void decodes(const char *typed, const char *bytes, size_t size)
{
    char text[64];
    size_t got;

    snprintf(text, sizeof text, "%s", typed);
    cr_assert(escape_decode(text, &got), "%s", typed);
    cr_assert_eq(got, size, "%s", typed);
    cr_assert_eq(memcmp(text, bytes, size), 0, "%s", typed);
}

#define DECODES(typed, bytes) decodes(typed, bytes, sizeof(bytes) - 1)

Test(ctl_escape, c_escapes)
{
    DECODES("plain", "plain");
    DECODES("", "");
    DECODES("\\r\\n", "\r\n");
    DECODES("a\\tb", "a\tb");
    DECODES("\\0", "\0");
    DECODES("\\a\\b\\e\\f\\v\\\\\\'\\\"", "\a\b\033\f\v\\'\"");
    DECODES("\\101\\1012", "AA2");
    DECODES("\\x41\\x4\\xfff", "A\4\xff"
                               "f");
}

Test(ctl_escape, what_is_none)
{
    static const char *const texts[] = {"\\", "\\q", "\\x", "\\xg", "a\\8"};
    size_t size;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *copy = strdup(texts[i]);
        cr_assert_not(escape_decode(copy, &size), "%s", texts[i]);
        free(copy);
    }
}

static void shows(const char *bytes, size_t size, const char *expected)
{
    char *text;
    size_t length;
    FILE *stream = open_memstream(&text, &length);

    escape_print(stream, bytes, size);
    fclose(stream);
    cr_assert_str_eq(text, expected);
    free(text);
}

#define SHOWS(bytes, expected) shows(bytes, sizeof(bytes) - 1, expected)

Test(ctl_escape, a_terminal_is_not_commanded)
{
    SHOWS("line\n\ttab\r\n", "line\n\ttab\\r\n");
    SHOWS("\x1b[2J\x07\x7f\0", "\\x1b[2J\\x07\\x7f\\x00");
    SHOWS("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    SHOWS("\xc2\x9b"
          "31m",
          "\\xc2\\x9b"
          "31m");
    SHOWS("\xff\xc3", "\\xff\\xc3");
    SHOWS("\xe2\x82", "\\xe2\\x82");
    SHOWS("\xe2\x82"
          "a",
          "\\xe2\\x82"
          "a");
}

static void line_is(const char *bytes, size_t size, size_t room, const char *expected)
{
    char text[64];

    escape_line(text, room, bytes, size);
    cr_assert_str_eq(text, expected);
}

Test(ctl_escape, a_text_in_a_line_ends_no_line)
{
    line_is("a\n\t\r\0b", 6, 64, "a\\n\\t\\r\\x00b");
    line_is("\x1b\x7f\xc2\x9b\xff", 5, 64, "\\x1b\\x7f\\xc2\\x9b\\xff");
    line_is("\xc3\xa4", 2, 64, "\xc3\xa4");
    line_is("ab\n", 3, 4, "ab");
    line_is("a\xc3\xa4", 3, 3, "a");
    line_is("abc", 3, 1, "");
}
