/*
 * What stands between a fuzzed server and the machine; see guard.c.
 */
#pragma once

#include <stdint.h>

/* Lets so much time pass, for every clock but that of the calendar. */
void guard_wait(int64_t nanoseconds);

/* From now on no time passes between two waits. */
void guard_freeze(void);
