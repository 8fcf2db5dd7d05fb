/* What the service manager is told and what it passes. */
#include "host/service.h"

#include "harness/harness.h"
#include "loop/loop.h"
#include "util/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[128], path[160], text[512];
static int manager;

static void setup(void)
{
    log_start(-1, LOG_ERROR);
    cr_assert_eq(harness_tempdir_new(folder, sizeof folder), 0);
    snprintf(path, sizeof path, "%s/notify", folder);
    struct sockaddr_un address = harness_unix_address(path);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(manager, (struct sockaddr *)&address, sizeof address), 0);
    setenv("NOTIFY_SOCKET", path, 1);
}

static void teardown(void)
{
    close(manager);
    harness_tempdir_free(folder);
}

TestSuite(service, .init = setup, .fini = teardown, .timeout = 20);

static const char *told(void)
{
    ssize_t length = recv(manager, text, sizeof text - 1, 0);
    cr_assert_geq(length, 0);
    text[length] = 0;
    return text;
}

Test(service, it_is_told_of_the_beginning_and_the_end)
{
    service_ready("at %s", "/here");
    cr_assert_str_eq(told(), "READY=1\nSTATUS=at /here");
    service_stopping("%d to go", 3);
    cr_assert_str_eq(told(), "STOPPING=1\nSTATUS=3 to go");
}

struct run {
    struct loop_timer timer;
    struct loop *loop;
};

static void stop(struct loop_timer *timer)
{
    loop_stop(((struct run *)(void *)timer)->loop);
}

/* Fills the manager's queue; returns how many messages that took. */
static int fill(void)
{
    struct sockaddr_un address = harness_unix_address(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), count = 0;
    while (sendto(fd, "old", 3, 0, (struct sockaddr *)&address, sizeof address) == 3)
        count++;
    close(fd);
    return count;
}

Test(service, a_manager_that_does_not_read_is_told_later_and_keeps_nobody_waiting)
{
    struct run run = {0};
    struct service *service = NULL;
    cr_assert_eq(loop_new(&run.loop), 0);
    cr_assert_eq(service_start(&service, run.loop), 0);
    int count = fill();
    cr_assert_gt(count, 0);
    service_reloading("again");
    service_ready("at %s", "/here");
    for (int i = 0; i < count; i++)
        cr_assert_str_eq(told(), "old");
    cr_assert_eq(recv(manager, text, sizeof text, MSG_DONTWAIT), -1);
    cr_assert_eq(loop_timer_start(run.loop, &run.timer, loop_deadline(0.3), stop), 0);
    cr_assert_eq(loop_run(run.loop), 0);
    cr_assert_str_eq(told(), "READY=1\nSTATUS=at /here");
    cr_assert_eq(recv(manager, text, sizeof text, MSG_DONTWAIT), -1);
    service_free(service);
    loop_free(run.loop);
}

Test(service, the_loop_feeds_the_watchdog)
{
    setenv("WATCHDOG_USEC", "20000", 1);
    struct run run = {0};
    struct service *service = NULL;
    cr_assert_eq(loop_new(&run.loop), 0);
    cr_assert_eq(service_start(&service, run.loop), 0);
    cr_assert_eq(loop_timer_start(run.loop, &run.timer, loop_deadline(0.1), stop), 0);
    cr_assert_eq(loop_run(run.loop), 0);
    for (int i = 0; i < 3; i++)
        cr_assert_str_eq(told(), "WATCHDOG=1");
    service_free(service);
    loop_free(run.loop);
}

Test(service, without_a_watchdog_there_is_no_timer)
{
    struct loop *loop;
    struct service *service = NULL;
    cr_assert_eq(loop_new(&loop), 0);
    cr_assert_eq(service_start(&service, loop), 0);
    cr_assert_eq(loop_busy(loop), 0);
    service_free(service);
    loop_free(loop);
}

Test(service, nothing_passed_is_no_error)
{
    cr_assert_eq(service_listen_fd(), -ENOENT);
}

/* What service_listen_fd answers a process that was passed `count` times `fd`. What is passed
 * begins at descriptor 3, which the test framework uses itself, so it is another process. */
static int answer_to(int fd, int count)
{
    pid_t child = fork();
    if (child == 0) {
        snprintf(text, sizeof text, "%d", getpid());
        setenv("LISTEN_PID", text, 1);
        snprintf(text, sizeof text, "%d", count);
        setenv("LISTEN_FDS", text, 1);
        int kept = dup(fd);
        for (int i = 0; i < count; i++)
            dup2(kept, 3 + i);
        int result = service_listen_fd();
        /* A process that it starts in its turn must not believe that it was meant. */
        _exit(getenv("LISTEN_FDS") ? 255 : result < 0 ? -result : result);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int unix_socket(int type, bool listening)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof address.sun_family), 0);
    if (listening)
        cr_assert_eq(listen(fd, 5), 0);
    return fd;
}

Test(service, a_listening_unix_socket_is_taken)
{
    cr_assert_eq(answer_to(unix_socket(SOCK_STREAM, true), 1), 3);
}

Test(service, what_does_not_listen_is_refused)
{
    cr_assert_eq(answer_to(unix_socket(SOCK_STREAM, false), 1), EINVAL);
}

Test(service, a_datagram_socket_is_refused)
{
    cr_assert_eq(answer_to(unix_socket(SOCK_DGRAM, false), 1), EINVAL);
}

Test(service, more_than_the_control_socket_is_refused)
{
    cr_assert_eq(answer_to(unix_socket(SOCK_STREAM, true), 2), EINVAL);
}
