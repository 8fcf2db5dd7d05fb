/* The search for delimiters, against one that looks at every place. */
#include "net/delimiter.h"

#include <criterion/criterion.h>
#include <string.h>

static struct slice slice(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static size_t find(const char *text, size_t scanned, const char *first, const char *second)
{
    struct slice delimiters[] = {slice(first), slice(second != NULL ? second : "")};
    return delimiter_find((const uint8_t *)text, strlen(text), scanned, delimiters,
                          second != NULL ? 2 : 1);
}

Test(delimiter, is_found_with_its_end)
{
    cr_assert_eq(find("line\nnext", 0, "\n", NULL), 5);
    cr_assert_eq(find("line\r\nnext", 0, "\r\n", NULL), 6);
    cr_assert_eq(find("\n", 0, "\n", NULL), 1);
    cr_assert_eq(find("", 0, "\n", NULL), 0);
    cr_assert_eq(find("line\r", 0, "\r\n", NULL), 0);
}

Test(delimiter, that_begins_in_what_was_scanned_is_found)
{
    for (size_t scanned = 0; scanned <= 6; scanned++)
        cr_assert_eq(find("xabcdefg", scanned, "abcdef", NULL), 7, "scanned %zu", scanned);
}

/* The promise that nothing is looked at twice: what is scanned is believed to hold none. */
Test(delimiter, in_what_was_scanned_is_not_looked_for)
{
    cr_assert_eq(find("a\nb\n", 2, "\n", NULL), 4);
    cr_assert_eq(find("a\r\nb\r\n", 3, "\r\n", NULL), 6);
    cr_assert_eq(find("a\nb", 3, "\n", NULL), 0);
}

Test(delimiter, of_several_the_one_that_ends_first)
{
    cr_assert_eq(find("xabcd", 0, "abcd", "bc"), 4);
    cr_assert_eq(find("xabcd", 0, "bc", "abcd"), 4);
    cr_assert_eq(find("one;two\n", 0, "\n", ";"), 4);
    cr_assert_eq(find("one;two\n", 0, "#", ";"), 4);
}

Test(delimiter, of_no_bytes_is_none)
{
    cr_assert_eq(find("abc", 0, "", NULL), 0);
    cr_assert_eq(find("abc\n", 0, "", "\n"), 4);
    cr_assert_eq(delimiter_find((const uint8_t *)"abc", 3, 0, NULL, 0), 0);
}

Test(delimiter, may_hold_any_byte)
{
    struct slice zero = {"\0\xff", 2};
    cr_assert_eq(delimiter_find((const uint8_t *)"a\0b\0\xff", 5, 0, &zero, 1), 5);
}

/* The end of the first of all, tried at every end. */
static size_t find_simply(const uint8_t *data, size_t length, const struct slice *delimiters,
                          uint32_t count)
{
    for (size_t end = 1; end <= length; end++)
        for (uint32_t i = 0; i < count; i++)
            if (delimiters[i].length > 0 && delimiters[i].length <= end &&
                memcmp(data + end - delimiters[i].length, delimiters[i].data,
                       delimiters[i].length) == 0)
                return end;
    return 0;
}

static uint64_t state = 42;

static size_t below(size_t bound)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(state >> 33) % bound;
}

/* Grows as a read-ahead does, in random steps, with notes of what was scanned. */
Test(delimiter, in_random_pieces_is_what_a_simple_search_finds)
{
    uint8_t data[40], bytes[3][5];
    for (int i = 0; i < 50000; i++) {
        struct slice delimiters[3];
        uint32_t count = (uint32_t)below(3) + 1;
        for (size_t j = 0; j < sizeof data; j++)
            data[j] = (uint8_t)('a' + below(2));
        for (uint32_t j = 0; j < count; j++) {
            delimiters[j] = (struct slice){bytes[j], below(5) + 1};
            for (size_t k = 0; k < delimiters[j].length; k++)
                bytes[j][k] = (uint8_t)('a' + below(2));
        }
        size_t length = 0, scanned = 0, found = 0;
        while (found == 0 && length < sizeof data) {
            length += below(sizeof data - length) + 1;
            found = delimiter_find(data, length, scanned, delimiters, count);
            scanned = length;
        }
        cr_assert_eq(found, find_simply(data, length, delimiters, count), "round %d", i);
    }
}

Test(delimiter, sets_have_keys_of_their_own)
{
    struct slice sets[][2] = {
        {slice("\n"), slice("")},   {slice("\r"), slice("")},    {slice("\r\n"), slice("")},
        {slice("\r"), slice("\n")}, {slice("\n"), slice("\r")},  {slice("a"), slice("bc")},
        {slice("ab"), slice("c")},  {slice("abc"), slice("\0")},
    };
    enum { COUNT = sizeof sets / sizeof sets[0] };
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            cr_assert_eq(delimiter_key(sets[i], 2) == delimiter_key(sets[j], 2), i == j);
}
