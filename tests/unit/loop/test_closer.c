/* Descriptors that are closed off the loop. */
#include "loop/closer.h"

#include "harness/harness.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

Test(closer, everything_is_closed_in_the_end)
{
    int before = harness_fd_count();
    for (int i = 0; i < 100; i++)
        closer_close(open("/dev/null", O_RDONLY));
    cr_assert(closer_finish());
    cr_assert_eq(harness_fd_count(), before);
    closer_close(open("/dev/null", O_RDONLY));
    cr_assert(closer_finish(), "it can begin anew");
    cr_assert_eq(harness_fd_count(), before);
}

Test(closer, a_socket_with_nothing_in_its_queue_is_closed_at_once)
{
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    closer_close_queue(ends[0]);
    cr_assert_lt(fcntl(ends[0], F_GETFD), 0);
    cr_assert_eq(send(ends[1], "x", 1, MSG_NOSIGNAL), -1);
    close(ends[1]);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    closer_close_queue(ends[0]);
    cr_assert(closer_finish());
    cr_assert_lt(fcntl(ends[0], F_GETFD), 0);
    close(ends[1]);
}

/* A connection whose close waits for its peer. */
static int connection_that_lingers(int listener, const struct sockaddr_in *address)
{
    static char bytes[1 << 20];
    const struct linger linger = {1, 60};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)address, sizeof *address), 0);
    (void)listener;
    while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    return fd;
}

Test(closer, one_that_waits_holds_up_no_other)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 8), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    closer_close(connection_that_lingers(listener, &address));
    int fd = open("/dev/null", O_RDONLY);
    closer_close(fd);
    while (fcntl(fd, F_GETFD) >= 0)
        usleep(1000);
    cr_assert_not(closer_finish(), "the first one is still waiting");
    close(listener); /* resets the connection */
    cr_assert(closer_finish());
}
