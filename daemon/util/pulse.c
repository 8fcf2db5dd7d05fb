/* See pulse.h. */
#include "util/pulse.h"

#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

struct pulse pulse;

void pulse_ring(void)
{
    uint32_t dozes = PULSE_DOZES;
    if (atomic_compare_exchange_strong(&pulse.bell, &dozes, PULSE_TICKS))
        syscall(SYS_futex, &pulse.bell, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}
