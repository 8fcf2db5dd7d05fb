/* The watchman. */
#include "loop/guard.h"

#include "loop/loop.h"
#include "util/error.h"
#include "util/pulse.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int read_in_vain(bool armed)
{
    int ends[2];
    char byte;
    cr_assert_eq(pipe(ends), 0);
    if (armed)
        pulse_enter_call();
    ssize_t got = read(ends[0], &byte, 1);
    int error = got < 0 ? errno : 0;
    if (armed) {
        cr_assert(pulse_was_cut());
        pulse_leave_call();
    }
    cr_assert_not(pulse_was_cut());
    close(ends[0]);
    close(ends[1]);
    return error;
}

Test(guard, a_call_that_waits_is_cut_short)
{
    cr_assert_eq(guard_start(), 0);
    for (int i = 0; i < 5; i++) {
        pulse_begin_round();
        cr_assert_eq(read_in_vain(true), EINTR);
        pulse_end_round();
    }
    guard_stop();
}

Test(guard, it_wakes_from_its_doze)
{
    cr_assert_eq(guard_start(), 0);
    while (atomic_load(&pulse.bell) != PULSE_DOZES)
        usleep(1000);
    pulse_begin_round();
    cr_assert_neq(atomic_load(&pulse.bell), PULSE_DOZES);
    cr_assert_eq(read_in_vain(true), EINTR);
    pulse_end_round();
    guard_stop();
}

Test(guard, other_calls_may_wait)
{
    cr_assert_eq(guard_start(), 0);
    pulse_begin_round();
    cr_assert_eq(poll(NULL, 0, 200), 0);
    for (uint64_t end = loop_now() + LOOP_SECOND / 5; loop_now() < end;) {
        pulse_enter_call(); /* many, none of which waits */
        cr_assert_not(pulse_was_cut());
        pulse_leave_call();
    }
    pulse_end_round();
    guard_stop();
}

Test(guard, it_can_end_at_any_time)
{
    for (int i = 0; i < 50; i++) {
        cr_assert_eq(guard_start(), 0);
        pulse_begin_round();
        pulse_end_round();
        guard_stop();
    }
}

static void describe(void *context, char *out, size_t size)
{
    snprintf(out, size, "%s", (const char *)context);
}

static void describe_with_a_fault(void *context, char *out, size_t size)
{
    describe(context, out, size);
    raise(SIGSEGV);
}

static void hang(guard_describe_fn *fn)
{
    static char who[] = "somebody";
    cr_assert_eq(guard_start(), 0);
    guard_watch(0.2, fn, who);
    pulse_begin_round();
    for (;;)
        pause();
}

Test(guard, a_hang_ends_the_process, .signal = SIGABRT)
{
    hang(describe);
}

Test(guard, a_description_that_fails_does_not_keep_it, .signal = SIGABRT)
{
    hang(describe_with_a_fault);
}

Test(guard, rounds_that_end_are_no_hang)
{
    cr_assert_eq(guard_start(), 0);
    guard_watch(0.5, NULL, NULL);
    for (uint64_t end = loop_now() + LOOP_SECOND; loop_now() < end;) {
        pulse_begin_round();
        poll(NULL, 0, 1);
        pulse_end_round();
    }
    guard_stop();
}
