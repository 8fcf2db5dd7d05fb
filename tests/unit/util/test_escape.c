/* Text made harmless; what is escaped in which way is the log's test. */
#include "util/escape.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char room[16];

static struct escape out(size_t size)
{
    memset(room, '#', sizeof room);
    return (struct escape){room, 0, size};
}

Test(escape, it_stops_at_the_end_it_is_given)
{
    struct escape line = out(16);
    const char *text = "a\x1b\nb";
    cr_assert_eq(escape_add(&line, text, text + 4, '\n'), text + 2);
    cr_assert_eq(line.length, 5);
    cr_assert_eq(memcmp(room, "a\\x1b#", 6), 0);
}

Test(escape, what_does_not_fit_whole_is_left_out)
{
    struct escape line = out(4);
    const char *text = "ab\x1b!";
    cr_assert_eq(escape_add(&line, text, text + 4, 0), text + 2,
                 "half an escape says something else");
    cr_assert_eq(memcmp(room, "ab##", 4), 0);
    text = "\xe2\x82\xac!";
    cr_assert_eq(escape_add(&line, text, text + 4, 0), text);
    cr_assert_not(escape_add_raw(&line, "xyz", 3));
    cr_assert(escape_add_raw(&line, "xy", 2));
    cr_assert_not(escape_add_raw(&line, "x", 1));
    cr_assert_eq(memcmp(room, "abxy#", 5), 0);
}

Test(escape, a_byte_0_and_a_character_that_is_cut_off_are_escaped)
{
    char *text = calloc(3, 1); /* for the sanitizer to watch */
    memcpy(text, "\0\xe2\x82", 3);
    struct escape line = out(16);
    cr_assert_eq(escape_add(&line, text, text + 3, 0), text + 3);
    cr_assert_eq(line.length, 12);
    cr_assert_eq(memcmp(room, "\\x00\\xe2\\x82#", 13), 0);
    free(text);
}
