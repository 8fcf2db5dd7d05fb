/*
 * Time as the client keeps it. See timer.h.
 */
#include "client/timer.h"

#include <time.h>

enum { LONGEST_WAIT = 1 << 30 };

int64_t timer_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int64_t timer_in(double seconds)
{
    if (!(seconds < 1e9))
        return TIMER_NEVER;
    return timer_now() + (seconds > 0 ? (int64_t)(seconds * 1000) : 0);
}

int timer_left(int64_t time)
{
    if (time == TIMER_NEVER)
        return -1;
    int64_t left = time - timer_now();
    if (left < 0)
        return 0;
    return left < LONGEST_WAIT ? (int)left : LONGEST_WAIT;
}
