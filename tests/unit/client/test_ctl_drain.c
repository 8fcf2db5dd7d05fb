/* Output that is never waited for. */
#include "client/ctl/drain.h"

#include "harness/harness.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MUCH = 1 << 20 };

/* Puts more than the kernel takes, reads it all at the other end, and compares. */
static void through(int from, int to)
{
    char *data = malloc(MUCH), *got = malloc(MUCH);
    struct drain drain;
    size_t size = 0;

    for (size_t i = 0; i < MUCH; i++)
        data[i] = (char)(i * 7 + i / 251);
    drain_init(&drain, to);
    cr_assert_eq(drain_put(&drain, data, 1000), 0);
    cr_assert_eq(drain_put(&drain, data + 1000, MUCH - 1000), 0);
    cr_assert_gt(drain_size(&drain), 0);
    while (size < MUCH) {
        ssize_t count = read(from, got + size, MUCH - size);
        cr_assert_gt(count, 0);
        size += (size_t)count;
        cr_assert_eq(drain_flush(&drain), 0);
    }
    cr_assert_eq(drain_size(&drain), 0);
    cr_assert_eq(memcmp(data, got, MUCH), 0);
    drain_deinit(&drain);
    free(data);
    free(got);
}

Test(ctl_drain, a_pipe_whose_flags_are_left_alone)
{
    int before = harness_fd_count();
    int ends[2];

    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    through(ends[0], ends[1]);
    cr_assert_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    close(ends[0]);
    close(ends[1]);
    cr_assert_eq(harness_fd_count(), before);
}

Test(ctl_drain, a_pipe_is_widened_and_a_wide_one_left_alone)
{
    struct drain drain;
    int ends[2];

    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    drain_init(&drain, ends[1]);
    cr_assert_eq(fcntl(ends[0], F_GETPIPE_SZ), 256 * 1024);
    drain_deinit(&drain);
    cr_assert_eq(fcntl(ends[0], F_SETPIPE_SZ, 512 * 1024), 512 * 1024);
    drain_widen_pipe(ends[0]);
    cr_assert_eq(fcntl(ends[0], F_GETPIPE_SZ), 512 * 1024);
    close(ends[0]);
    close(ends[1]);
}

Test(ctl_drain, a_socket)
{
    int ends[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    through(ends[0], ends[1]);
    close(ends[0]);
    close(ends[1]);
}

Test(ctl_drain, nobody_reads_any_more)
{
    struct drain drain;
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    drain_init(&drain, ends[1]);
    close(ends[0]);
    cr_assert_eq(drain_put(&drain, "x", 1), -EPIPE);
    drain_deinit(&drain);
    close(ends[1]);
}
