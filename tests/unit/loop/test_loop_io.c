/* The set of descriptors: batches, registrations that end meanwhile, numbers that are used again.
 * What one registration hears is in test_loop.c. */
#include "loop_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

TestSuite(loop_io, .init = fixture_up, .fini = fixture_down);

static void ear_watch(struct ear *ear)
{
    cr_assert_eq(loop_io_start(loop, &ear->io, ear->fd, ear_on_io), 0);
    loop_io_want_write(loop, &ear->io);
}

/* One that has news of its own at once: that there is room. */
static void ear_open_for_all(struct ear *ear)
{
    ear_open(ear, loop_io_start);
    loop_io_want_write(loop, &ear->io);
}

Test(loop_io, more_than_a_batch_is_heard_in_the_next)
{
    static struct ear ears[LOOP_BATCH + 50];
    for (size_t i = 0; i < sizeof ears / sizeof ears[0]; i++)
        ear_open_for_all(&ears[i]);
    run_rounds(3);
    for (size_t i = 0; i < sizeof ears / sizeof ears[0]; i++) {
        cr_assert_eq(ears[i].calls, 1, "the one of number %zu", i);
        ear_close(&ears[i]);
    }
}

static void stop(struct ear *ear)
{
    (void)ear;
    loop_stop(loop);
}

Test(loop_io, what_a_stop_leaves_of_a_batch_is_heard_when_the_loop_runs_again)
{
    struct ear ears[10];
    unsigned calls = 0;
    for (size_t i = 0; i < 10; i++) {
        ear_open_for_all(&ears[i]);
        ears[i].then = stop;
    }
    for (unsigned runs = 1; runs <= 10; runs++) {
        loop_run(loop);
        calls = 0;
        for (size_t i = 0; i < 10; i++)
            calls += ears[i].calls;
        cr_assert_eq(calls, runs);
    }
    for (size_t i = 0; i < 10; i++)
        ear_close(&ears[i]);
}

static struct ear *victim;
static int successor; /* what gets the victim's number: one that is writable */

/* Whichever is heard first ends the other and has its number used again. */
static void take_the_number(struct ear *ear)
{
    (void)ear;
    loop_io_forget(loop, &victim->io);
    cr_assert_eq(dup2(successor, victim->fd), victim->fd);
    victim->events = 0;
    ear_watch(victim);
}

Test(loop_io, an_event_of_the_number_s_former_life_is_not_heard)
{
    struct ear first, second;
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    successor = ends[1];
    ear_open_for_all(&first);
    ear_open_for_all(&second);
    first.then = take_the_number;
    victim = &second;
    cr_assert_eq(write(second.other, "x", 1), 1);
    run_rounds(2);
    cr_assert_eq(first.calls, 1);
    cr_assert_eq(second.events, LOOP_WRITE, "not of the byte");
    ear_close(&first);
    ear_close(&second);
    close(ends[0]);
    close(ends[1]);
}

Test(loop_io, a_forgotten_descriptor_that_lives_on_elsewhere_is_not_heard)
{
    struct ear ear;
    ear_open_for_all(&ear);
    run_rounds(1);
    int duplicate = dup(ear.fd);
    loop_io_forget(loop, &ear.io);
    close(ear.fd);
    cr_assert_eq(write(ear.other, "x", 1), 1);
    run_rounds(2);
    cr_assert_eq(ear.calls, 1, "only what was there at the beginning");
    close(duplicate);
    close(ear.other);
}

Test(loop_io, watchers_of_one_descriptor_all_hear)
{
    struct ear ear, second, third;
    ear_open_for_all(&ear);
    second = third = (struct ear){.fd = ear.fd};
    ear_watch(&second);
    ear_watch(&third);
    run_rounds(1);
    cr_assert_eq(write(ear.other, "x", 1), 1);
    run_rounds(1);
    cr_assert(ear.events & second.events & third.events & LOOP_READ);
    loop_io_stop(loop, &second.io);
    loop_io_stop(loop, &ear.io);
    loop_io_stop(loop, &third.io);
    close(ear.fd);
    close(ear.other);
}

Test(loop_io, no_descriptor_at_all)
{
    struct loop_io io = {0}, nothing = {0};
    cr_assert_eq(loop_io_start(loop, &io, -1, ear_on_io), -EBADF);
    loop_io_stop(loop, &nothing);
    loop_io_forget(loop, &nothing);
}

/* ---- room to write ---- */

/* A byte to the peer, which reads it: on unix sockets that is news of room. */
static void make_room(const struct ear *ear)
{
    char byte = 'x';
    cr_assert_eq(write(ear->fd, &byte, 1), 1);
    cr_assert_eq(read(ear->other, &byte, 1), 1);
    run_rounds(1);
}

Test(loop_io, room_is_told_to_those_only_who_want_it)
{
    struct ear ear;
    ear_open(&ear, loop_io_start);
    run_rounds(2);
    make_room(&ear);
    cr_assert_eq(ear.calls, 0);
    loop_io_want_write(loop, &ear.io);
    run_rounds(1);
    cr_assert_eq(ear.events, LOOP_WRITE, "there is room already");
    cr_assert_eq(ear.calls, 1);
    make_room(&ear);
    cr_assert_eq(ear.calls, 2, "the wish lasts for a while");
    ear_close(&ear);
}

Test(loop_io, a_wish_for_room_that_nobody_repeats_lapses)
{
    struct ear ear;
    ear_open(&ear, loop_io_start);
    loop_io_want_write(loop, &ear.io);
    for (unsigned i = 0; i < 1000; i++)
        make_room(&ear);
    unsigned heard = ear.calls;
    cr_assert_lt(heard, 1000);
    make_room(&ear);
    cr_assert_eq(ear.calls, heard);
    for (unsigned i = 0; i < 1000; i++) {
        loop_io_want_write(loop, &ear.io);
        make_room(&ear);
    }
    cr_assert_eq(ear.calls, heard + 1000, "one that is repeated does not");
    ear_close(&ear);
}

Test(loop_io, the_end_is_told_as_room_too)
{
    struct ear ear;
    ear_open(&ear, loop_io_start);
    close(ear.other);
    run_rounds(1);
    cr_assert_eq(ear.events & (LOOP_READ | LOOP_WRITE), LOOP_READ | LOOP_WRITE);
    loop_io_stop(loop, &ear.io);
    close(ear.fd);
}
