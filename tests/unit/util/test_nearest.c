/* Which name a mistyped word means. */
#include "util/nearest.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *nearest(const char *word)
{
    static const char *const names[] = {"fiber", "socket", "errno", "log", "print"};
    struct nearest found;
    nearest_init(&found, word, strlen(word));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        nearest_offer(&found, names[i]);
    return found.best;
}

Test(nearest, a_letter_is_missing_too_many_wrong_or_swapped)
{
    cr_assert_str_eq(nearest("fibr"), "fiber");
    cr_assert_str_eq(nearest("sockett"), "socket");
    cr_assert_str_eq(nearest("erxno"), "errno");
    cr_assert_str_eq(nearest("pirnt"), "print");
    cr_assert_str_eq(nearest("lg"), "log");
    cr_assert_str_eq(nearest("log"), "log");
}

Test(nearest, something_else_is_not_meant)
{
    cr_assert_null(nearest("database"));
    cr_assert_null(nearest(""));
    cr_assert_null(nearest("xyz"));
    char word[1000];
    memset(word, 'x', sizeof word);
    struct nearest found;
    nearest_init(&found, word, sizeof word);
    nearest_offer(&found, "fiber");
    cr_assert_null(found.best);
}

Test(nearest, the_closest_wins_and_of_equals_the_alphabets_first)
{
    struct nearest found;
    nearest_init(&found, "cat!", 3); /* not terminated where it ends */
    nearest_offer(&found, "cart");
    nearest_offer(&found, "bat");
    cr_assert_str_eq(found.best, "bat");
    nearest_offer(&found, "cart");
    cr_assert_str_eq(found.best, "bat");
    nearest_offer(&found, "cat");
    cr_assert_str_eq(found.best, "cat");
}
