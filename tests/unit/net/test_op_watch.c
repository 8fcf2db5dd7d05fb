/* iowait on descriptors that no socket owns. */
#include "net_peers.h"

#include <fcntl.h>
#include <math.h>

TestSuite(watch, .init = fixture_up, .fini = fixture_down);

static void act_watch(struct act *act, int fd, unsigned want)
{
    *act = (struct act){.kind = ACT_READY};
    op_watch(&act->op, net, fd, want);
}

static void open_pipe(int ends[2])
{
    cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
}

static void close_both(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

Test(watch, what_is_ready_is_told_at_once)
{
    int ends[2];
    struct act act;
    open_pipe(ends);
    act_watch(&act, ends[1], LOOP_READ | LOOP_WRITE);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.ready, LOOP_WRITE);
    close_both(ends);
}

Test(watch, bytes_in_a_pipe_are_waited_for)
{
    int ends[2];
    struct act act;
    open_pipe(ends);
    act_watch(&act, ends[0], LOOP_READ);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.ready, LOOP_READ);
    act_watch(&act, ends[0], LOOP_READ);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE, "it is level-triggered");
    close_both(ends);
}

Test(watch, the_end_of_a_pipe_is_readable)
{
    int ends[2];
    struct act act;
    open_pipe(ends);
    act_watch(&act, ends[0], LOOP_READ);
    act_start(&act, INFINITY);
    close(ends[1]);
    cr_assert_eq(act_end(&act), 0);
    close(ends[0]);
}

Test(watch, a_regular_file_is_always_ready)
{
    struct act act;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    act_watch(&act, fd, LOOP_READ);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.ready, LOOP_READ);
    close(fd);
}

Test(watch, one_that_is_not_open_is_ebadf)
{
    struct act act;
    act_watch(&act, 1000000, LOOP_READ);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EBADF);
}

Test(watch, times_out)
{
    int ends[2];
    struct act act;
    open_pipe(ends);
    act_watch(&act, ends[0], LOOP_READ);
    cr_assert_eq(act_run(&act, 0.001), -ETIMEDOUT);
    act_watch(&act, ends[0], LOOP_READ);
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, -ETIMEDOUT);
    close_both(ends);
}

Test(watch, of_nothing_is_the_clocks)
{
    struct act act;
    uint64_t start = loop_now();
    act_watch(&act, -1, 0);
    cr_assert_eq(act_run(&act, 0.02), -ETIMEDOUT);
    cr_assert_geq(loop_now() - start, LOOP_SECOND / 50);
}

Test(watch, its_descriptor_may_be_closed_meanwhile)
{
    int ends[2];
    struct act act;
    open_pipe(ends);
    act_watch(&act, ends[0], LOOP_READ);
    act_start(&act, INFINITY);
    close(ends[0]);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert_eq(act_end(&act), 0);
    close(ends[1]);
}

Test(watch, two_may_watch_one)
{
    int ends[2];
    struct act first, second;
    open_pipe(ends);
    act_watch(&first, ends[0], LOOP_READ);
    act_watch(&second, ends[0], LOOP_READ);
    act_start(&first, INFINITY);
    act_start(&second, INFINITY);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert_eq(act_end(&first), 0);
    cr_assert_eq(act_end(&second), 0);
    close_both(ends);
}

static struct act *victim;

static void cancel_victim(struct act *act)
{
    (void)act;
    act_cancel(victim, -ECANCELED);
}

/* It becomes ready in the round in which it is cancelled: the first end counts. */
Test(watch, cancelled_when_it_is_ready_it_ends_twice)
{
    int first[2], second[2];
    struct act acts[2];
    open_pipe(first);
    open_pipe(second);
    act_watch(&acts[0], first[0], LOOP_READ);
    act_watch(&acts[1], second[0], LOOP_READ);
    acts[0].go_on = true;
    acts[0].then = cancel_victim;
    victim = &acts[1];
    act_start(&acts[0], INFINITY);
    act_start(&acts[1], INFINITY);
    fixture_run_rounds(2);
    cr_assert_eq(write(first[1], "x", 1), 1);
    cr_assert_eq(write(second[1], "x", 1), 1);
    cr_assert_eq(act_end(&acts[1]), -ECANCELED);
    cr_assert_eq(acts[1].calls, 1);
    cr_assert_eq(acts[0].status, 0);
    close_both(first);
    close_both(second);
}

Test(watch, cancelled_or_taken_back)
{
    int ends[2];
    struct act cancelled, aborted, fresh;
    open_pipe(ends);
    act_watch(&cancelled, ends[0], LOOP_READ);
    act_watch(&aborted, ends[0], LOOP_READ);
    act_watch(&fresh, ends[0], LOOP_READ);
    act_start(&cancelled, INFINITY);
    act_start(&aborted, INFINITY);
    act_cancel(&cancelled, -ECANCELED);
    act_abort(&aborted);
    act_abort(&fresh);
    cr_assert_eq(act_end(&cancelled), -ECANCELED);
    close_both(ends);
}
