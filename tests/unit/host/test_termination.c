/* SIGTERM, and what the second one does. */
#include "host/termination.h"

#include "harness/harness.h"
#include "loop/loop.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static struct loop *loop;
static int heard;

static void on_signal(void *context, int number)
{
    (void)context;
    cr_assert_eq(number, SIGTERM);
    if (++heard == 2)
        loop_stop(loop);
}

static void send_one(struct loop_task *task)
{
    (void)task;
    cr_assert_eq(raise(SIGTERM), 0);
}

static void start(void)
{
    cr_assert_eq(loop_new(&loop), 0);
    cr_assert_eq(termination_start(loop, on_signal, NULL), 0);
}

Test(termination, the_loop_hears_of_each)
{
    struct loop_task task;
    start();
    loop_task_init(&task, send_one);
    loop_defer(loop, &task);
    cr_assert_eq(raise(SIGTERM), 0);
    cr_assert_eq(loop_run(loop), 0);
    cr_assert_eq(heard, 2);
    termination_stop();
    loop_free(loop);
}

Test(termination, the_first_one_at_the_end_does_nothing)
{
    start();
    termination_stop();
    loop_free(loop);
    cr_assert_eq(raise(SIGTERM), 0);
    cr_assert_eq(heard, 0);
}

static void hang_twice(struct loop_task *task)
{
    (void)task;
    cr_assert_eq(raise(SIGTERM), 0);
    usleep(200000); /* the round has to be a long one */
    raise(SIGTERM);
}

Test(termination, the_second_one_ends_a_loop_that_hangs, .signal = SIGTERM)
{
    struct loop_task task;
    start();
    loop_task_init(&task, hang_twice);
    loop_defer(loop, &task);
    loop_run(loop);
}

Test(termination, the_third_one_ends_whatever_there_is, .signal = SIGINT)
{
    start();
    raise(SIGINT);
    raise(SIGINT);
    raise(SIGINT);
}
