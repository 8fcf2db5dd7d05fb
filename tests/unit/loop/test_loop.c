/* The loop: timers, deferred tasks, descriptors, signals, and that they share it fairly. */
#include "loop/loop.h"

#include "harness/harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static int fds;
static char trace[64]; /* what ran, a letter each */

static void setup(void)
{
    fds = harness_fd_count();
    cr_assert_eq(loop_new(&loop), 0);
    trace[0] = '\0';
}

static void teardown(void)
{
    cr_expect_eq(loop_busy(loop), 0, "%zu things are left", loop_busy(loop));
    if (loop_busy(loop) == 0)
        loop_free(loop);
    cr_expect_eq(harness_fd_count(), fds, "a descriptor was left");
}

TestSuite(loop, .init = setup, .fini = teardown);

static void note(char letter)
{
    size_t length = strlen(trace);
    cr_assert_lt(length, sizeof trace - 1);
    trace[length] = letter;
    trace[length + 1] = '\0';
}

/* ---- timers ---- */

struct alarm {
    struct loop_timer timer;
    uint64_t deadline;
    char letter;
    void (*then)(struct alarm *alarm);
};

static void on_alarm(struct loop_timer *timer)
{
    struct alarm *alarm = CONTAINER_OF(timer, struct alarm, timer);
    cr_assert_not(loop_timer_runs(timer), "it is stopped when it is called");
    cr_assert_geq(loop_now(), alarm->deadline, "it is early");
    note(alarm->letter);
    if (alarm->then != NULL)
        alarm->then(alarm);
}

static void stop_loop(struct alarm *alarm)
{
    (void)alarm;
    loop_stop(loop);
}

static void restart(struct alarm *alarm, uint64_t deadline)
{
    alarm->deadline = deadline;
    cr_assert_eq(loop_timer_start(loop, &alarm->timer, deadline, on_alarm), 0);
}

static void start(struct alarm *alarm, char letter, uint64_t deadline)
{
    alarm->letter = letter;
    restart(alarm, deadline);
}

Test(loop, timers_fire_in_order_of_their_deadlines)
{
    uint64_t now = loop_now(), step = LOOP_SECOND / 1000;
    struct alarm a = {0}, b = {0}, c = {.then = stop_loop};
    start(&c, 'c', now + 3 * step);
    start(&a, 'a', now + 1 * step);
    start(&b, 'b', now + 2 * step);
    cr_assert_eq(loop_busy(loop), 3);
    cr_assert_eq(loop_run(loop), 0);
    cr_assert_str_eq(trace, "abc");
}

Test(loop, a_stopped_timer_does_not_fire)
{
    uint64_t now = loop_now(), step = LOOP_SECOND / 1000;
    struct alarm a = {0}, b = {.then = stop_loop};
    start(&a, 'a', now + step);
    start(&b, 'b', now + 2 * step);
    loop_timer_stop(loop, &a.timer);
    loop_timer_stop(loop, &a.timer);
    loop_run(loop);
    cr_assert_str_eq(trace, "b");
}

Test(loop, starting_a_timer_again_moves_it)
{
    uint64_t now = loop_now(), step = LOOP_SECOND / 1000;
    struct alarm a = {.then = stop_loop}, b = {0};
    start(&a, 'a', now + step);
    start(&b, 'b', now + 2 * step);
    restart(&a, now + 3 * step);
    loop_run(loop);
    cr_assert_str_eq(trace, "ba");
}

Test(loop, a_timer_may_move_forward_too)
{
    struct alarm a = {.then = stop_loop};
    start(&a, 'a', loop_now() + 3600 * LOOP_SECOND);
    restart(&a, 0);
    loop_run(loop);
    cr_assert_str_eq(trace, "a");
}

Test(loop, never_stops_a_timer)
{
    struct alarm a = {0};
    start(&a, 'a', loop_now() + 3600 * LOOP_SECOND);
    restart(&a, LOOP_NEVER);
    cr_assert_eq(loop_busy(loop), 0);
}

static void restart_thrice(struct alarm *alarm)
{
    if (strlen(trace) < 4)
        restart(alarm, loop_now() + 1000);
    else
        loop_stop(loop);
}

Test(loop, a_timer_may_start_itself_again)
{
    struct alarm a = {.then = restart_thrice};
    start(&a, 'a', 0);
    loop_run(loop);
    cr_assert_str_eq(trace, "aaaa");
}

static void restart_in_the_past(struct alarm *alarm)
{
    if (strlen(trace) < 20)
        restart(alarm, 0);
    else
        loop_stop(loop);
}

Test(loop, a_timer_that_starts_itself_in_the_past_starves_the_others)
{
    struct alarm a = {.then = restart_in_the_past}, b = {.then = stop_loop};
    start(&b, 'b', loop_now());
    start(&a, 'a', 0);
    loop_run(loop);
    cr_assert_str_eq(trace, "ab", "in this order: %s", trace);
    loop_timer_stop(loop, &a.timer);
}

static struct alarm *victim;

static void stop_victim(struct alarm *alarm)
{
    (void)alarm;
    loop_timer_stop(loop, &victim->timer);
}

Test(loop, a_timer_may_stop_one_that_is_due)
{
    struct alarm a = {.then = stop_victim}, b = {0}, c = {.then = stop_loop};
    start(&a, 'a', 1);
    start(&b, 'b', 2);
    start(&c, 'c', 3);
    victim = &b;
    loop_run(loop);
    cr_assert_str_eq(trace, "ac");
}

static void free_alarm(struct alarm *alarm)
{
    free(alarm);
    loop_stop(loop);
}

Test(loop, a_timer_may_free_itself)
{
    struct alarm *alarm = calloc(1, sizeof *alarm);
    alarm->then = free_alarm;
    start(alarm, 'a', 0);
    loop_run(loop);
    cr_assert_str_eq(trace, "a");
}

Test(loop, the_alarm_of_a_stopped_timer_does_not_hold_up_the_next)
{
    uint64_t now = loop_now(), step = LOOP_SECOND / 200;
    struct alarm a = {0}, b = {.then = stop_loop};
    start(&a, 'a', now + step);
    loop_timer_stop(loop, &a.timer);
    start(&b, 'b', now + 2 * step);
    loop_run(loop);
    cr_assert_str_eq(trace, "b");
}

enum { MANY = 10000 };

static struct loop_timer many[MANY];
static unsigned fired;

/* After how many nanoseconds the timer is due: each has a number of its own. */
static uint64_t due_after(ptrdiff_t index)
{
    return (uint64_t)(index * 7919 % MANY);
}

static void count_alarm(struct loop_timer *timer)
{
    static uint64_t last;
    uint64_t due = due_after(timer - many);
    cr_assert_geq(due, last);
    last = due;
    fired++;
}

Test(loop, of_ten_thousand_timers_those_left_fire_once_in_order)
{
    uint64_t now = loop_now();
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(loop_timer_start(loop, &many[i], now + due_after(i), count_alarm), 0);
    for (int i = 0; i < MANY; i += 2)
        loop_timer_stop(loop, &many[i]);
    struct alarm last = {.then = stop_loop};
    start(&last, 'z', now + MANY);
    loop_run(loop);
    cr_assert_eq(fired, MANY / 2);
}

Test(loop, deadlines_that_are_no_future)
{
    cr_assert_eq(loop_deadline(0), 0);
    cr_assert_eq(loop_deadline(-1), 0);
    cr_assert_eq(loop_deadline(-INFINITY), 0);
    cr_assert_eq(loop_deadline(NAN), 0);
}

Test(loop, deadlines_that_never_come)
{
    cr_assert_eq(loop_deadline(INFINITY), LOOP_NEVER);
    cr_assert_eq(loop_deadline(1e30), LOOP_NEVER);
    cr_assert_lt(loop_deadline(50.0 * 365 * 24 * 3600), LOOP_NEVER);
}

Test(loop, a_deadline_is_that_far_from_now)
{
    uint64_t before = loop_now();
    uint64_t deadline = loop_deadline(1.5);
    cr_assert_geq(deadline, before + LOOP_SECOND * 3 / 2);
    cr_assert_leq(deadline, loop_now() + LOOP_SECOND * 3 / 2);
}

/* ---- deferred tasks ---- */

struct job {
    struct loop_task task;
    char letter;
    void (*then)(struct job *job);
};

static void on_job(struct loop_task *task)
{
    struct job *job = CONTAINER_OF(task, struct job, task);
    note(job->letter);
    if (job->then != NULL)
        job->then(job);
}

static void defer(struct job *job, char letter)
{
    job->letter = letter;
    loop_task_init(&job->task, on_job);
    loop_defer(loop, &job->task);
}

static void job_stop_loop(struct job *job)
{
    (void)job;
    loop_stop(loop);
}

Test(loop, tasks_run_in_order_of_deferral)
{
    struct job a = {0}, b = {0}, c = {.then = job_stop_loop};
    defer(&a, 'a');
    defer(&b, 'b');
    defer(&c, 'c');
    cr_assert_str_eq(trace, "", "a task ran before the loop");
    loop_run(loop);
    cr_assert_str_eq(trace, "abc");
}

Test(loop, a_task_deferred_twice_stays_where_it_is)
{
    struct job a = {0}, b = {.then = job_stop_loop};
    defer(&a, 'a');
    defer(&b, 'b');
    loop_defer(loop, &a.task);
    cr_assert_eq(loop_busy(loop), 2);
    loop_run(loop);
    cr_assert_str_eq(trace, "ab");
}

Test(loop, a_cancelled_task_does_not_run)
{
    struct job a = {0}, b = {.then = job_stop_loop};
    defer(&a, 'a');
    defer(&b, 'b');
    loop_defer_cancel(loop, &a.task);
    loop_defer_cancel(loop, &a.task);
    loop_run(loop);
    cr_assert_str_eq(trace, "b");
}

static struct job *other_job;

static void cancel_other_job(struct job *job)
{
    (void)job;
    loop_defer_cancel(loop, &other_job->task);
}

Test(loop, a_task_may_cancel_one_of_the_same_round)
{
    struct job a = {.then = cancel_other_job}, b = {0}, c = {.then = job_stop_loop};
    defer(&a, 'a');
    defer(&b, 'b');
    defer(&c, 'c');
    other_job = &b;
    loop_run(loop);
    cr_assert_str_eq(trace, "ac");
}

static void defer_again(struct job *job)
{
    loop_defer(loop, &job->task);
}

/* ---- descriptors ---- */

struct ear {
    struct loop_io io;
    char letter;
    unsigned calls, events;
    bool silent; /* do not stop the loop */
};

static void on_io(struct loop_io *io, unsigned events)
{
    struct ear *ear = CONTAINER_OF(io, struct ear, io);
    ear->calls++;
    ear->events |= events;
    note(ear->letter);
    if (!ear->silent)
        loop_stop(loop);
}

static void listen_to(struct ear *ear, int fd, char letter)
{
    ear->letter = letter;
    cr_assert_eq(loop_io_start(loop, &ear->io, fd, on_io), 0);
    loop_io_want_write(loop, &ear->io);
}

static void socket_pair(int ends[2])
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_both(int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

Test(loop, an_endless_task_does_not_keep_the_loop_from_events)
{
    int ends[2];
    struct job endless = {.then = defer_again};
    struct ear ear = {0};
    socket_pair(ends);
    defer(&endless, 't');
    listen_to(&ear, ends[0], 'e');
    loop_run(loop);
    cr_assert_eq(ear.calls, 1);
    cr_assert_str_eq(trace, "te", "one round of tasks, then the events: %s", trace);
    loop_defer_cancel(loop, &endless.task);
    loop_io_stop(loop, &ear.io);
    close_both(ends);
}

Test(loop, an_endless_task_does_not_keep_the_loop_from_timers)
{
    struct job endless = {.then = defer_again};
    struct alarm alarm = {.then = stop_loop};
    defer(&endless, 't');
    start(&alarm, 'a', 0);
    loop_run(loop);
    cr_assert_str_eq(trace, "ta");
    loop_defer_cancel(loop, &endless.task);
}

Test(loop, endless_tasks_take_turns)
{
    struct job a = {.then = defer_again}, b = {.then = defer_again};
    struct alarm alarm = {.then = stop_loop};
    defer(&a, 'a');
    defer(&b, 'b');
    start(&alarm, '.', loop_now() + 1); /* from the second round on at the latest */
    loop_run(loop);
    cr_assert_eq(strncmp(trace, "ab", 2), 0);
    loop_defer_cancel(loop, &a.task);
    loop_defer_cancel(loop, &b.task);
}

static unsigned *rounds;

/* Deferred in one round, it keeps the loop from waiting for events, and stops it in the next. */
static void again_once(struct job *job)
{
    if ((*rounds)++ == 0)
        loop_defer(loop, &job->task);
    else
        loop_stop(loop);
}

/* What is ready now, by one round that does not wait. */
static void run_round(void)
{
    static unsigned round;
    struct job job = {.then = again_once};
    round = 0;
    rounds = &round;
    defer(&job, 'x');
    loop_run(loop);
    trace[0] = '\0';
}

Test(loop, what_is_ready_already_is_reported_once)
{
    int ends[2];
    struct ear ear = {.silent = true};
    socket_pair(ends);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    listen_to(&ear, ends[0], 'e');
    run_round();
    cr_assert_eq(ear.events, LOOP_READ | LOOP_WRITE);
    cr_assert_eq(ear.calls, 1);
    run_round();
    cr_assert_eq(ear.calls, 1, "it is edge-triggered");
    loop_io_stop(loop, &ear.io);
    close_both(ends);
}

Test(loop, new_bytes_are_reported_anew)
{
    int ends[2];
    struct ear ear = {.silent = true};
    socket_pair(ends);
    listen_to(&ear, ends[0], 'e');
    run_round();
    for (unsigned i = 0; i < 3; i++) {
        unsigned before = ear.calls;
        ear.events = 0;
        cr_assert_eq(write(ends[1], "x", 1), 1);
        run_round();
        cr_assert_eq(ear.calls, before + 1);
        cr_assert(ear.events & LOOP_READ);
    }
    loop_io_stop(loop, &ear.io);
    close_both(ends);
}

Test(loop, a_peer_that_ends_its_side_is_told_apart)
{
    int ends[2];
    struct ear ear = {.silent = true};
    socket_pair(ends);
    listen_to(&ear, ends[0], 'e');
    run_round();
    cr_assert_eq(ear.events & LOOP_CLOSED, 0);
    shutdown(ends[1], SHUT_WR);
    run_round();
    cr_assert_eq(ear.events & (LOOP_READ | LOOP_CLOSED), LOOP_READ | LOOP_CLOSED);
    loop_io_stop(loop, &ear.io);
    close_both(ends);
}

Test(loop, a_peer_that_is_gone_makes_both_ready)
{
    int ends[2];
    struct ear ear = {.silent = true};
    socket_pair(ends);
    listen_to(&ear, ends[0], 'e');
    run_round();
    ear.events = 0;
    close(ends[1]);
    run_round();
    cr_assert_eq(ear.events, LOOP_READ | LOOP_WRITE | LOOP_CLOSED);
    loop_io_stop(loop, &ear.io);
    close(ends[0]);
}

static void stop_ear(struct loop_io *io, unsigned events)
{
    struct ear *ear = CONTAINER_OF(io, struct ear, io);
    (void)events;
    ear->calls++;
    loop_io_stop(loop, &ear->io);
    loop_stop(loop);
}

Test(loop, a_registration_may_stop_itself)
{
    int ends[2];
    struct ear ear = {0};
    socket_pair(ends);
    cr_assert_eq(loop_io_start(loop, &ear.io, ends[0], stop_ear), 0);
    loop_io_want_write(loop, &ear.io);
    loop_run(loop);
    cr_assert_eq(ear.calls, 1);
    close_both(ends);
}

static struct ear *other_ear;

static void stop_both_ears(struct loop_io *io, unsigned events)
{
    (void)events;
    loop_io_stop(loop, io);
    loop_io_stop(loop, &other_ear->io);
    note('f');
    loop_stop(loop);
}

/* Whichever of the two comes first stops both: the other's event is of the same batch. */
Test(loop, no_event_comes_for_what_was_stopped_in_the_same_batch)
{
    int ends[2];
    struct ear first = {0}, second = {0};
    socket_pair(ends);
    cr_assert_eq(loop_io_start(loop, &first.io, ends[0], stop_both_ears), 0);
    cr_assert_eq(loop_io_start(loop, &second.io, ends[1], on_io), 0);
    loop_io_want_write(loop, &first.io);
    loop_io_want_write(loop, &second.io);
    second.letter = 's';
    second.silent = true;
    other_ear = &second;
    loop_run(loop);
    cr_assert(strcmp(trace, "f") == 0 || strcmp(trace, "sf") == 0, "%s", trace);
    cr_assert_eq(loop_busy(loop), 0);
    close_both(ends);
}

Test(loop, a_regular_file_is_refused)
{
    struct loop_io io = {0};
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_eq(loop_io_start(loop, &io, fd, on_io), -EPERM);
    close(fd);
}

Test(loop, a_descriptor_that_is_not_open_is_refused)
{
    struct loop_io io = {0};
    cr_assert_eq(loop_io_start(loop, &io, 1000000, on_io), -EBADF);
}

Test(loop, a_descriptor_may_be_watched_twice)
{
    int ends[2];
    struct ear first = {.silent = true}, second = {.silent = true};
    socket_pair(ends);
    listen_to(&first, ends[0], 'f');
    listen_to(&second, ends[0], 's');
    run_round();
    first.events = second.events = 0;
    cr_assert_eq(write(ends[1], "x", 1), 1);
    run_round();
    cr_assert(first.events & second.events & LOOP_READ);
    loop_io_stop(loop, &first.io);
    second.events = 0;
    cr_assert_eq(write(ends[1], "x", 1), 1);
    run_round();
    cr_assert(second.events & LOOP_READ, "the end of one was the end of both");
    loop_io_stop(loop, &second.io);
    close_both(ends);
}

Test(loop, a_descriptor_may_be_watched_again_after_the_end)
{
    int ends[2];
    struct ear ear = {0};
    socket_pair(ends);
    listen_to(&ear, ends[0], 'e');
    loop_io_stop(loop, &ear.io);
    listen_to(&ear, ends[0], 'e');
    loop_run(loop);
    cr_assert_eq(ear.calls, 1);
    loop_io_stop(loop, &ear.io);
    close_both(ends);
}

/* ---- signals ---- */

static void on_signal(void *context, int number)
{
    *(int *)context = number;
    loop_stop(loop);
}

Test(loop, a_signal_arrives_in_the_loop)
{
    int got = 0;
    struct loop_signal *signal_watch;
    cr_assert_eq(loop_signal_new(loop, SIGUSR1, on_signal, &got, &signal_watch), 0);
    cr_assert_eq(loop_busy(loop), 1);
    raise(SIGUSR1);
    cr_assert_eq(got, 0, "it came from within the handler");
    loop_run(loop);
    cr_assert_eq(got, SIGUSR1);
    loop_signal_free(signal_watch);
}

Test(loop, a_signal_interrupts_no_wait_for_other_events)
{
    int got = 0;
    struct loop_signal *signal_watch;
    struct alarm alarm = {.then = stop_loop};
    cr_assert_eq(loop_signal_new(loop, SIGUSR2, on_signal, &got, &signal_watch), 0);
    raise(SIGUSR2);
    loop_run(loop);
    start(&alarm, 'a', loop_now() + LOOP_SECOND / 1000);
    loop_run(loop);
    cr_assert_str_eq(trace, "a");
    loop_signal_free(signal_watch);
}

/* ---- stopping ---- */

Test(loop, stopped_before_it_runs_it_runs_all_the_same)
{
    struct job job = {.then = job_stop_loop};
    loop_stop(loop);
    defer(&job, 'a');
    cr_assert_eq(loop_run(loop), 0);
    cr_assert_str_eq(trace, "a");
}

Test(loop, what_is_registered_is_counted)
{
    int ends[2];
    struct ear ear = {0};
    struct job job = {0};
    struct alarm alarm = {0};
    socket_pair(ends);
    listen_to(&ear, ends[0], 'e');
    defer(&job, 'j');
    start(&alarm, 'a', loop_now() + LOOP_SECOND);
    cr_assert_eq(loop_busy(loop), 3);
    loop_io_stop(loop, &ear.io);
    loop_defer_cancel(loop, &job.task);
    loop_timer_stop(loop, &alarm.timer);
    cr_assert_eq(loop_busy(loop), 0);
    close_both(ends);
}

Test(loop, nothing_is_freed)
{
    loop_signal_free(NULL);
    loop_free(NULL);
}

static struct loop *busy_loop;

Test(loop, one_with_something_left_is_not_freed, .signal = SIGABRT)
{
    static struct loop_timer timer;
    cr_assert_eq(loop_new(&busy_loop), 0);
    loop_timer_start(busy_loop, &timer, LOOP_SECOND, on_alarm);
    loop_free(busy_loop);
}

/* ---- the library below ---- */

/* libevent says on standard error what its callers hear of by the result. */
Test(loop, a_refused_descriptor_prints_a_warning)
{
    struct loop_io io = {0};
    int ends[2], before = dup(STDERR_FILENO);
    char printed[256];
    cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    dup2(ends[1], STDERR_FILENO);
    int result = loop_io_start(loop, &io, 1000000, on_io);
    dup2(before, STDERR_FILENO);
    close(before);
    cr_assert_eq(result, -EBADF);
    cr_assert_eq(read(ends[0], printed, sizeof printed), -1, "it did");
    close_both(ends);
}
