/* Milliseconds, and what is never. */
#include "client/timer.h"

#include <criterion/criterion.h>
#include <math.h>

Test(timer, a_time_from_now)
{
    int64_t now = timer_now();
    int64_t then = timer_in(2.5);

    cr_assert(then >= now + 2500 && then < now + 12500);
    cr_assert(timer_left(then) > 0 && timer_left(then) <= 2500);
    cr_assert_leq(timer_in(-1), timer_now());
    cr_assert_eq(timer_left(now - 10), 0);
}

Test(timer, never)
{
    cr_assert_eq(timer_in(INFINITY), TIMER_NEVER);
    cr_assert_eq(timer_in(NAN), TIMER_NEVER);
    cr_assert_eq(timer_left(TIMER_NEVER), -1);
    cr_assert_gt(timer_left(timer_in(9e8)), 1000000000);
}
