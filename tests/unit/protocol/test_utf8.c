/* Text from outside: what is UTF-8 stays, every other byte is escaped. */
#include "protocol/utf8.h"
#include "protocol/writer.h"

#include <criterion/criterion.h>
#include <string.h>

static void becomes(const char *text, const char *expected)
{
    struct writer writer;

    writer_init_heap(&writer, 4096);
    writer_escaped(&writer, text);
    cr_assert_eq(writer.error, 0);
    cr_assert_eq(writer.size, strlen(expected), "%s: %.*s", expected, (int)writer.size,
                 (const char *)writer.data);
    cr_assert_eq(memcmp(writer.size ? (const char *)writer.data : "", expected, writer.size), 0,
                 "%s", expected);
    cr_assert_eq(utf8_size(text), writer.size, "%s", expected);
    writer_free_heap(&writer);
}

Test(utf8, what_is_utf8_stays)
{
    becomes("", "");
    becomes("/run/x\n\x7f", "/run/x\n\x7f");
    becomes("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf",
            "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf");
    becomes("\xed\x9f\xbf\xee\x80\x80\xc2\x80", "\xed\x9f\xbf\xee\x80\x80\xc2\x80");
}

Test(utf8, every_other_byte_is_escaped)
{
    becomes("a\xff"
            "b",
            "a\\xffb");
    becomes("\xc3", "\\xc3");
    becomes("\xc3\xc3\xa4", "\\xc3\xc3\xa4");
    becomes("\xc0\xaf", "\\xc0\\xaf");
    becomes("\xed\xa0\x80", "\\xed\\xa0\\x80");
    becomes("\xe0\x9f\xbf", "\\xe0\\x9f\\xbf");
    becomes("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
    becomes("\xf0\x9f\x98", "\\xf0\\x9f\\x98");
    becomes("\x80\xf8", "\\x80\\xf8");
}

Test(utf8, a_text_from_outside_is_a_str)
{
    struct writer writer;

    writer_init_heap(&writer, 4096);
    writer_outside(&writer, NULL);
    writer_outside(&writer, "a\xff");
    cr_assert_eq(writer.size, 7);
    cr_assert_eq(memcmp(writer.data,
                        "\xc0\xa5"
                        "a\\xff",
                        7),
                 0);
    writer_free_heap(&writer);
}
