/*
 * How long the rounds of a loop take: what comes during one waits for its end.
 */
#pragma once

#include <stdint.h>

/* Zeroed it has seen nothing. Times are nanoseconds of the monotonic clock, never 0. */
struct lag {
    uint64_t begun;            /* of the present round; 0: it waits */
    uint64_t busy;             /* of all rounds */
    uint64_t window;           /* since when `worst` is kept */
    uint64_t worst, worst_ago; /* in this window, and in the one before */
    uint64_t slow;             /* how many took more than LAG_SLOW */
};

void lag_begin(struct lag *lag, uint64_t now);
void lag_end(struct lag *lag, uint64_t now);

/* The longest round of the last LAG_WINDOW to twice that, the present one included. */
#define LAG_SLOW   UINT64_C(50000000)
#define LAG_WINDOW UINT64_C(10000000000)
uint64_t lag_worst(const struct lag *lag, uint64_t now);
