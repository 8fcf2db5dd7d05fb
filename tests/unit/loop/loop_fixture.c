/* What the tests of descriptors share. */
#include "loop_fixture.h"

#include "harness/harness.h"

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

struct loop *loop;
static int fds;

void fixture_up(void)
{
    fds = harness_fd_count();
    cr_assert_eq(loop_new(&loop), 0);
}

void fixture_down(void)
{
    cr_expect_eq(loop_busy(loop), 0, "%zu things are left", loop_busy(loop));
    cr_expect_eq(loop->direct_count, 0);
    loop_free(loop);
    cr_expect_eq(harness_fd_count(), fds, "a descriptor was left");
}

void ear_on_io(struct loop_io *io, unsigned events)
{
    struct ear *ear = CONTAINER_OF(io, struct ear, io);
    ear->calls++;
    ear->events |= events;
    if (ear->then != NULL)
        ear->then(ear);
}

void ear_open(struct ear *ear, ear_start_fn *watch)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    *ear = (struct ear){.fd = ends[0], .other = ends[1]};
    cr_assert_eq(watch(loop, &ear->io, ear->fd, ear_on_io), 0);
}

void ear_close(struct ear *ear)
{
    loop_io_stop(loop, &ear->io);
    close(ear->fd);
    close(ear->other);
}

static void stop_rival(struct ear *ear)
{
    loop_io_stop(loop, &ear->rival->io);
}

void ears_become_rivals(struct ear *first, struct ear *second)
{
    first->rival = second;
    second->rival = first;
    first->then = second->then = stop_rival;
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

void run_rounds(unsigned count)
{
    rounds = count;
    loop_task_init(&again, on_again);
    loop_defer(loop, &again);
    loop_run(loop);
}
