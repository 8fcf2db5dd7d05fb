/* The longest round of late. */
#include "loop/lag.h"

#include <criterion/criterion.h>

static struct lag lag;

static void round_of(uint64_t begin, uint64_t length)
{
    lag_begin(&lag, begin);
    lag_end(&lag, begin + length);
}

Test(lag, is_that_of_the_longest_round)
{
    const uint64_t start = 5 * LAG_WINDOW;
    cr_assert_eq(lag_worst(&lag, start), 0);
    round_of(start, 100);
    round_of(start + 1000, 300);
    round_of(start + 2000, 200);
    cr_assert_eq(lag_worst(&lag, start + 3000), 300);
    cr_assert_eq(lag.busy, 600);
}

Test(lag, is_forgotten_after_a_while)
{
    const uint64_t start = 5 * LAG_WINDOW;
    round_of(start, 300);
    round_of(start + LAG_WINDOW + 1000, 100);
    cr_assert_eq(lag_worst(&lag, start + LAG_WINDOW + 2000), 300, "the window before counts");
    cr_assert_eq(lag_worst(&lag, start + 2 * LAG_WINDOW + 2000), 100);
    cr_assert_eq(lag_worst(&lag, start + 3 * LAG_WINDOW + 2000), 0, "nothing has happened");
    round_of(start + 9 * LAG_WINDOW, 50);
    cr_assert_eq(lag_worst(&lag, start + 9 * LAG_WINDOW + 100), 50);
}

Test(lag, is_at_least_the_present_round)
{
    const uint64_t start = 5 * LAG_WINDOW;
    round_of(start, 100);
    lag_begin(&lag, start + 1000);
    cr_assert_eq(lag_worst(&lag, start + 1050), 100);
    cr_assert_eq(lag_worst(&lag, start + 1500), 500);
}
