/* The clock of the loop, which its files ask too; see loop.h. */
#include "loop/loop.h"

#include <time.h>

__attribute__((noinline)) uint64_t loop_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * LOOP_SECOND + (uint64_t)now.tv_nsec;
}
