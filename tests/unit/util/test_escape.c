/* Text made harmless; what is escaped in which way is the log's test. */
#include "util/escape.h"

#include <criterion/criterion.h>
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
    cr_assert_eq(escape_add(&line, text, '\n'), text + 2);
    cr_assert_eq(line.length, 5);
    cr_assert_eq(memcmp(room, "a\\x1b#", 6), 0);
}

Test(escape, what_does_not_fit_whole_is_left_out)
{
    struct escape line = out(4);
    const char *text = "ab\x1b!";
    cr_assert_eq(escape_add(&line, text, 0), text + 2, "half an escape says something else");
    cr_assert_eq(memcmp(room, "ab##", 4), 0);
    text = "\xe2\x82\xac!";
    cr_assert_eq(escape_add(&line, text, 0), text);
    cr_assert_not(escape_add_raw(&line, "xyz", 3));
    cr_assert(escape_add_raw(&line, "xy", 2));
    cr_assert_not(escape_add_raw(&line, "x", 1));
    cr_assert_eq(memcmp(room, "abxy#", 5), 0);
}
