/* Descriptors that are libevent's own: they hear what others hear. */
#include "loop/loop_private.h"

#include "harness/harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static int fds;

static void setup(void)
{
    fds = harness_fd_count();
    cr_assert_eq(loop_new(&loop), 0);
}

static void teardown(void)
{
    cr_expect_eq(loop_busy(loop), 0, "%zu things are left", loop_busy(loop));
    cr_expect_eq(loop->direct_count, 0);
    loop_free(loop);
    cr_expect_eq(harness_fd_count(), fds, "a descriptor was left");
}

TestSuite(loop_direct, .init = setup, .fini = teardown);

struct ear {
    int fd, other;
    struct loop_io *io, *frees;
    unsigned calls, events;
};

static void on_io(void *context, unsigned events)
{
    struct ear *ear = context;
    ear->calls++;
    ear->events |= events;
    loop_io_free(ear->frees);
    ear->frees = NULL;
}

static void ear_open(struct ear *ear)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    *ear = (struct ear){.fd = ends[0], .other = ends[1]};
    cr_assert_eq(loop_io_new_direct(loop, ear->fd, on_io, ear, &ear->io), 0);
}

static void ear_close(struct ear *ear)
{
    loop_io_free(ear->io);
    close(ear->fd);
    close(ear->other);
}

static unsigned rounds;
static struct loop_task again;

static void on_again(struct loop_task *task)
{
    if (rounds-- > 0)
        loop_defer(loop, task);
    else
        loop_stop(loop);
}

static void run_rounds(unsigned count)
{
    rounds = count;
    loop_task_init(&again, on_again);
    loop_defer(loop, &again);
    loop_run(loop);
}

static void say(const struct ear *ear)
{
    cr_assert_eq(write(ear->other, "x", 1), 1);
    run_rounds(1);
}

Test(loop_direct, bytes_are_told_once_each_and_the_end_apart)
{
    struct ear ear;
    ear_open(&ear);
    for (unsigned i = 1; i <= 3; i++) {
        say(&ear);
        run_rounds(2);
        cr_assert_eq(ear.calls, i, "%u calls", ear.calls);
        cr_assert_eq(ear.events, LOOP_READ);
    }
    shutdown(ear.other, SHUT_WR);
    run_rounds(1);
    cr_assert_eq(ear.events, LOOP_READ | LOOP_CLOSED);
    ear_close(&ear);
}

Test(loop_direct, room_is_told_while_somebody_wants_it)
{
    struct ear ear;
    char byte = 'x';
    ear_open(&ear);
    run_rounds(1);
    cr_assert_eq(ear.calls, 0);
    loop_io_want_write(ear.io);
    run_rounds(1);
    cr_assert_eq(ear.events, LOOP_WRITE);
    for (unsigned i = 0; i < 200; i++) {
        cr_assert_eq(write(ear.fd, &byte, 1), 1);
        cr_assert_eq(read(ear.other, &byte, 1), 1);
        run_rounds(1);
    }
    cr_assert_leq(ear.calls, LOOP_WRITE_PATIENCE, "nobody repeated the wish");
    ear.events = 0;
    loop_io_want_write(ear.io);
    run_rounds(1);
    cr_assert_eq(ear.events, LOOP_WRITE);
    ear_close(&ear);
}

Test(loop_direct, they_are_few)
{
    static struct ear ears[LOOP_DIRECT + 10];
    for (size_t i = 0; i < LOOP_DIRECT + 10; i++)
        ear_open(&ears[i]);
    cr_assert_eq(loop->direct_count, LOOP_DIRECT);
    for (size_t i = 0; i < LOOP_DIRECT + 10; i++) {
        say(&ears[i]);
        cr_assert_eq(ears[i].calls, 1);
    }
    ear_close(&ears[0]);
    cr_assert_eq(loop->direct_count, LOOP_DIRECT - 1, "its place is free again");
    for (size_t i = 1; i < LOOP_DIRECT + 10; i++)
        ear_close(&ears[i]);
}

/* Both have news; whichever is told first frees the other, or both do. */
Test(loop_direct, what_is_freed_in_the_same_round_is_not_told)
{
    struct ear first, second;
    ear_open(&first);
    ear_open(&second);
    first.frees = second.io;
    second.frees = first.io;
    cr_assert_eq(write(first.other, "x", 1), 1);
    say(&second);
    cr_assert_eq(first.calls + second.calls, 1);
    loop_io_free(first.calls == 1 ? first.io : second.io);
    close(first.fd);
    close(first.other);
    close(second.fd);
    close(second.other);
}

Test(loop_direct, it_may_free_itself)
{
    struct ear ear;
    ear_open(&ear);
    ear.frees = ear.io;
    loop_io_want_write(ear.io); /* so that both its events come */
    say(&ear);
    cr_assert_eq(ear.calls, 1);
    ear.io = NULL;
    ear_close(&ear);
}

Test(loop_direct, what_cannot_be_watched_is_refused_for_what_it_is)
{
    struct loop_io *io;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(loop_io_new_direct(loop, file, on_io, NULL, &io), -EPERM);
    cr_assert_eq(loop_io_new_direct(loop, -1, on_io, NULL, &io), -EBADF);
    cr_assert_eq(loop_io_new_direct(loop, 1000000, on_io, NULL, &io), -EBADF);
    close(file);
}

Test(loop_direct, a_doubt_is_resolved_by_a_second_look)
{
    struct ear ear;
    ear_open(&ear);
    loop_io_doubt(ear.io);
    while (ear.calls == 0)
        run_rounds(1);
    cr_assert_eq(ear.events, LOOP_READ);
    ear_close(&ear);
}
