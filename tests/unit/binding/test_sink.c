/* Standard output without waiting: files, pipes, readers that stall and readers that leave. */
#include "binding/sink.h"

#include "harness/harness.h"
#include "loop/loop.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct loop *loop;
static struct sink *sink;
static int ends[2], drains, fds;

static void on_drained(void *context)
{
    ++*(int *)context;
    loop_stop(loop);
}

static void setup(void)
{
    signal(SIGPIPE, SIG_IGN);
    fds = harness_fd_count();
    cr_assert_eq(loop_new(&loop), 0);
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_eq(sink_new(&sink, loop, ends[1], on_drained, &drains), 0);
}

static void teardown(void)
{
    sink_free(sink);
    close(ends[0]);
    close(ends[1]);
    cr_expect_eq(loop_busy(loop), 0);
    loop_free(loop);
    cr_expect_eq(harness_fd_count(), fds);
}

TestSuite(sink, .init = setup, .fini = teardown);

Test(sink, what_fits_goes_at_once)
{
    char bytes[8];
    cr_assert_eq(sink_write(sink, "hello", 5), 0);
    cr_assert_eq(sink_pending(sink), 0);
    cr_assert_eq(read(ends[0], bytes, sizeof bytes), 5);
    cr_assert_arr_eq(bytes, "hello", 5);
    cr_assert_eq(loop_busy(loop), 0);
}

static char *make_data(size_t length)
{
    char *data = malloc(length);
    for (size_t i = 0; i < length; i++)
        data[i] = (char)(i * 31 >> 3);
    return data;
}

Test(sink, what_does_not_fit_is_kept_in_order)
{
    size_t length = 1 << 20;
    char *data = make_data(length), *got = malloc(length);
    for (size_t i = 0; i < length; i += 4096)
        cr_assert_eq(sink_write(sink, data + i, 4096), 0);
    cr_assert_gt(sink_pending(sink), 0);
    cr_assert_eq(drains, 0);
    pid_t reader = fork();
    if (reader == 0) {
        size_t total = 0;
        for (ssize_t part; total < length; total += (size_t)part)
            if ((part = read(ends[0], got + total, length - total)) <= 0)
                _exit(1);
        _exit(memcmp(got, data, length) != 0);
    }
    cr_assert_eq(loop_run(loop), 0);
    cr_assert_eq(drains, 1);
    cr_assert_eq(sink_pending(sink), 0);
    int status;
    cr_assert_eq(waitpid(reader, &status, 0), reader);
    cr_assert_eq(status, 0);
    free(data);
    free(got);
}

Test(sink, flush_waits_for_the_reader)
{
    size_t length = 300000;
    char *data = make_data(length), *got = malloc(length);
    cr_assert_eq(sink_write(sink, data, length), 0);
    cr_assert_gt(sink_pending(sink), 0);
    pid_t reader = fork();
    if (reader == 0) {
        size_t total = 0;
        for (ssize_t part; total < length; total += (size_t)part)
            if ((part = read(ends[0], got + total, length - total)) <= 0)
                _exit(1);
        _exit(memcmp(got, data, length) != 0);
    }
    sink_flush(sink, LOOP_NEVER);
    cr_assert_eq(sink_pending(sink), 0);
    int status;
    cr_assert_eq(waitpid(reader, &status, 0), reader);
    cr_assert_eq(status, 0);
    free(data);
    free(got);
}

Test(sink, a_reader_that_is_gone_takes_everything)
{
    close(ends[0]);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(sink_write(sink, "hello", 5), 0);
    cr_assert_eq(sink_pending(sink), 0);
    ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

Test(sink, a_reader_that_leaves_while_bytes_are_kept)
{
    char *data = make_data(300000);
    cr_assert_eq(sink_write(sink, data, 300000), 0);
    close(ends[0]);
    cr_assert_eq(loop_run(loop), 0);
    cr_assert_eq(drains, 1);
    cr_assert_eq(sink_pending(sink), 0);
    free(data);
    ends[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

Test(sink, files_and_devices_are_always_ready)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int file = memfd_create("file", MFD_CLOEXEC);
    int targets[] = {null, file};
    char *data = make_data(300000);
    for (int i = 0; i < 2; i++) {
        struct sink *other;
        cr_assert_eq(sink_new(&other, loop, targets[i], on_drained, &drains), 0);
        cr_assert_eq(sink_write(other, data, 300000), 0);
        cr_assert_eq(sink_pending(other), 0);
        sink_free(other);
        close(targets[i]);
    }
    free(data);
}
