/* Descriptors in doubt: asked once more unless something happens before. */
#include "loop_fixture.h"

#include <criterion/criterion.h>
#include <sys/resource.h>
#include <unistd.h>

TestSuite(loop_doubt, .init = fixture_up, .fini = fixture_down);

static struct loop_timer alarm_timer;

static void on_alarm(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

/* Longer than any doubt lasts. */
static void run_for_long(void)
{
    loop_timer_start(loop, &alarm_timer, loop_now() + LOOP_SECOND / 5, on_alarm);
    loop_run(loop);
}

static void open_in_doubt(struct ear *ear, ear_start_fn *start)
{
    ear_open(ear, start);
    loop_io_doubt(loop, &ear->io);
}

static void stop_the_loop(struct ear *ear)
{
    (void)ear;
    loop_stop(loop);
}

static void expect_second_look(ear_start_fn *start)
{
    struct ear ear;
    open_in_doubt(&ear, start);
    ear.then = stop_the_loop;
    uint64_t start_time = loop_now();
    loop_run(loop);
    cr_assert_eq(ear.calls, 1);
    cr_assert_eq(ear.events, LOOP_READ);
    cr_assert_geq(loop_now() - start_time, LOOP_SECOND / 50, "it was not given time");
    run_for_long();
    cr_assert_eq(ear.calls, 1, "once");
    ear_close(&ear);
}

Test(loop_doubt, it_is_resolved_by_a_second_look)
{
    expect_second_look(loop_io_start);
}

Test(loop_doubt, so_is_that_of_a_direct_one)
{
    expect_second_look(loop_io_start_direct);
}

static void expect_no_look_after_the_end(ear_start_fn *start)
{
    struct ear ear, other;
    open_in_doubt(&ear, start);
    loop_io_doubt(loop, &ear.io);
    loop_io_stop(loop, &ear.io);
    other = (struct ear){.fd = ear.fd};
    cr_assert_eq(start(loop, &other.io, other.fd, ear_on_io), 0);
    run_for_long();
    cr_assert_eq(ear.calls + other.calls, 0, "nor is the number's next one asked");
    loop_io_stop(loop, &other.io);
    ear_close(&ear);
}

Test(loop_doubt, it_ends_with_the_registration)
{
    expect_no_look_after_the_end(loop_io_start);
    expect_no_look_after_the_end(loop_io_start_direct);
}

static void expect_event_ends_it(ear_start_fn *start)
{
    struct ear ear;
    open_in_doubt(&ear, start);
    cr_assert_eq(write(ear.other, "x", 1), 1);
    run_rounds(1);
    cr_assert_eq(ear.calls, 1);
    run_for_long();
    cr_assert_eq(ear.calls, 1, "it was called once more");
    ear_close(&ear);
}

Test(loop_doubt, an_event_ends_it)
{
    expect_event_ends_it(loop_io_start);
    expect_event_ends_it(loop_io_start_direct);
}

Test(loop_doubt, one_that_is_asked_may_end_others)
{
    struct ear first, second;
    open_in_doubt(&first, loop_io_start);
    open_in_doubt(&second, loop_io_start);
    ears_become_rivals(&first, &second);
    run_for_long();
    cr_assert_eq(first.calls + second.calls, 1);
    ear_close(&first);
    ear_close(&second);
}

enum { CROWD = 2000 }; /* more than are asked at a time */
static struct ear crowd[CROWD];

static void doubt_again(struct ear *ear)
{
    loop_io_doubt(loop, &ear->io);
}

Test(loop_doubt, many_are_asked_in_turn_and_none_twice_before_another)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 2 * CROWD + 100)
        cr_skip("it needs %d descriptors", 2 * CROWD + 100);
    for (unsigned i = 0; i < CROWD; i++) {
        open_in_doubt(&crowd[i], loop_io_start);
        crowd[i].then = doubt_again;
    }
    while (crowd[0].calls < 4)
        run_rounds(1);
    for (unsigned i = 0; i < CROWD; i++) {
        unsigned calls = crowd[i].calls;
        cr_assert(calls == 3 || calls == 4, "number %u was asked %u times", i, calls);
        ear_close(&crowd[i]);
    }
}
