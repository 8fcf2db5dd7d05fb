/* Descriptors that are libevent's own: they hear what others hear. */
#include "loop_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(loop_direct, .init = fixture_up, .fini = fixture_down);

static void say(const struct ear *ear)
{
    cr_assert_eq(write(ear->other, "x", 1), 1);
    run_rounds(1);
}

Test(loop_direct, bytes_are_told_once_each_and_the_end_apart)
{
    struct ear ear;
    ear_open(&ear, loop_io_start_direct);
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
    ear_open(&ear, loop_io_start_direct);
    run_rounds(1);
    cr_assert_eq(ear.calls, 0);
    loop_io_want_write(loop, &ear.io);
    run_rounds(1);
    cr_assert_eq(ear.events, LOOP_WRITE);
    for (unsigned i = 0; i < 200; i++) {
        cr_assert_eq(write(ear.fd, &byte, 1), 1);
        cr_assert_eq(read(ear.other, &byte, 1), 1);
        run_rounds(1);
    }
    cr_assert_leq(ear.calls, LOOP_WRITE_PATIENCE, "nobody repeated the wish");
    ear.events = 0;
    loop_io_want_write(loop, &ear.io);
    run_rounds(1);
    cr_assert_eq(ear.events, LOOP_WRITE);
    ear_close(&ear);
}

Test(loop_direct, they_are_few)
{
    static struct ear ears[LOOP_DIRECT + 10];
    for (size_t i = 0; i < LOOP_DIRECT + 10; i++)
        ear_open(&ears[i], loop_io_start_direct);
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

/* Both have news; whichever is told first stops the other. */
Test(loop_direct, what_is_stopped_in_the_same_round_is_not_told)
{
    struct ear first, second;
    ear_open(&first, loop_io_start_direct);
    ear_open(&second, loop_io_start_direct);
    ears_become_rivals(&first, &second);
    cr_assert_eq(write(first.other, "x", 1), 1);
    say(&second);
    cr_assert_eq(first.calls + second.calls, 1);
    ear_close(&first);
    ear_close(&second);
}

static void stop_itself(struct ear *ear)
{
    loop_io_stop(loop, &ear->io);
}

Test(loop_direct, it_may_stop_itself)
{
    struct ear ear;
    ear_open(&ear, loop_io_start_direct);
    ear.then = stop_itself;
    loop_io_want_write(loop, &ear.io); /* so that both its events come */
    say(&ear);
    cr_assert_eq(ear.calls, 1);
    ear_close(&ear);
}

Test(loop_direct, what_cannot_be_watched_is_refused_for_what_it_is)
{
    struct loop_io io = {0};
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(loop_io_start_direct(loop, &io, file, ear_on_io), -EPERM);
    cr_assert_eq(loop_io_start_direct(loop, &io, -1, ear_on_io), -EBADF);
    cr_assert_eq(loop_io_start_direct(loop, &io, 1000000, ear_on_io), -EBADF);
    close(file);
}

Test(loop_direct, one_that_is_watched_already_is_watched_by_the_set_too)
{
    struct ear ear, other = {0};
    ear_open(&ear, loop_io_start_direct);
    other.fd = ear.fd;
    cr_assert_eq(loop_io_start_direct(loop, &other.io, other.fd, ear_on_io), 0);
    cr_assert_eq(loop->direct_count, 1);
    say(&ear);
    cr_assert_eq(ear.events & other.events, LOOP_READ);
    loop_io_stop(loop, &other.io);
    say(&ear);
    cr_assert_eq(ear.calls, 2, "the end of one was the end of both");
    ear_close(&ear);
}
