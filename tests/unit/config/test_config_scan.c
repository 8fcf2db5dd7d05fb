/* Where a value stands in a configuration file. */
#include "config/config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static unsigned line(const char *text)
{
    return config_line_of(text, strlen(text), "grace");
}

Test(config_scan, a_field_of_a_table)
{
    cr_assert_eq(line("sockd.cfg{\n  socket = 'x',\n  grace = 5}"), 3);
    cr_assert_eq(line("sockd.cfg{\n\n['grace']\n= 5}"), 3);
    cr_assert_eq(line("local t = {}\nt.grace=5"), 2);
    cr_assert_eq(line("x{grace = 1,\ngrace = 2}"), 2, "the last one is what Lua takes");
}

Test(config_scan, what_only_looks_like_one)
{
    cr_assert_eq(line(""), 0);
    cr_assert_eq(line("if grace == 5 then end"), 0);
    cr_assert_eq(line("x{graceful = 5, ['grace '] = 5}"), 0);
    cr_assert_eq(line("-- grace = 5\n--[[\ngrace = 5 ]] --[==[ grace = 5 ]] ]==]"), 0);
    cr_assert_eq(line("x = 'grace = 5' y = \"a\\\"grace = 5\" z = [[\ngrace = 5]]"), 0);
    cr_assert_eq(line("--[[\n]] x = [=[\n]] ]=] y = 'a\\\nb' grace = 1"), 4);
}

/* Each prefix ends somewhere; none is read beyond its end. */
Test(config_scan, a_text_that_breaks_off)
{
    static const char text[] =
        "sockd.cfg{['grace'] = [==[x]==], a = '\\'', --[[ x ]] grace = \"y\"}";
    for (size_t length = 0; length <= sizeof text; length++) {
        char *copy = malloc(length + 1); /* for the sanitizer to watch */
        memcpy(copy, text, length);
        cr_assert_leq(config_line_of(copy, length, "grace"), 1);
        config_recognize(copy, length);
        free(copy);
    }
}

Test(config_scan, a_configuration_file_is_known_by_its_call)
{
    static const char *const are[] = {"sockd.cfg{}", "local c = 5 -- x\nsockd . cfg(c)"};
    static const char *const are_not[] = {"", "-- sockd.cfg{}", "x = 'sockd.cfg'", "box.cfg{}",
                                          "print(sockd.info.cfg)"};
    for (size_t i = 0; i < sizeof are / sizeof are[0]; i++)
        cr_assert(config_recognize(are[i], strlen(are[i])), "%s", are[i]);
    for (size_t i = 0; i < sizeof are_not / sizeof are_not[0]; i++)
        cr_assert_not(config_recognize(are_not[i], strlen(are_not[i])), "%s", are_not[i]);
}
