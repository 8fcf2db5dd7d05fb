/* SIGINT as a descriptor. */
#include "client/ctl/interrupt.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

Test(ctl_interrupt, a_signal_makes_it_readable)
{
    int fd = interrupt_start();
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    cr_assert_geq(fd, 0);
    cr_assert_eq(interrupt_start(), fd, "once is enough");
    cr_assert_eq(poll(&ready, 1, 0), 0);
    cr_assert_not(interrupt_came());
    for (int i = 0; i < 3; i++)
        raise(SIGINT);
    cr_assert_eq(poll(&ready, 1, 0), 1);
    cr_assert(interrupt_came());
}

Test(ctl_interrupt, waiting_ends_with_input_or_signal)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    interrupt_start();
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert(interrupt_wait_readable(ends[0]));
    raise(SIGINT);
    cr_assert_not(interrupt_wait_readable(ends[0]));
    close(ends[0]);
    close(ends[1]);
}

Test(ctl_interrupt, ignored_stays_ignored)
{
    signal(SIGINT, SIG_IGN);
    cr_assert_eq(interrupt_start(), -1);
    raise(SIGINT);
}
