/*
 * Time as the client keeps it: milliseconds of the monotonic clock.
 */
#ifndef CLIENT_TIMER_H
#define CLIENT_TIMER_H

#include <stdint.h>

/* Further away than any time. */
#define TIMER_NEVER INT64_MAX

int64_t timer_now(void);

/* The time that many seconds from now; TIMER_NEVER for more than a billion, and for what is no
 * number. */
int64_t timer_in(double seconds);

/* How long until then, for poll(2): -1 for ever, 0 if it has passed. */
int timer_left(int64_t time);

#endif
