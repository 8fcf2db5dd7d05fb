/* The process as a whole: its limits, and the descriptors it may not keep. */
#include "host/process.h"

#include "util/log.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

Test(process, what_was_open_at_the_start_is_no_leak)
{
    int before = open("/dev/null", O_RDONLY);
    cr_assert_eq(dup2(before, 300), 300); /* as shells do with their own */
    process_prepare();
    cr_assert_eq(process_check_descriptors(), 0);
    close(300);
    close(before);
}

Test(process, what_was_opened_and_not_closed_is_one)
{
    process_prepare();
    int ends[2];
    char text[512];
    cr_assert_eq(pipe(ends), 0);
    log_start(ends[1], LOG_WARN);
    cr_assert_eq(process_check_descriptors(), 2);
    ssize_t length = read(ends[0], text, sizeof text - 1);
    cr_assert_gt(length, 0);
    text[length] = 0;
    cr_assert_not_null(strstr(text, "is still open: pipe:"));
    close(ends[0]);
    close(ends[1]);
    cr_assert_eq(process_check_descriptors(), 0);
}

Test(process, what_was_passed_in_must_be_closed_too)
{
    log_start(-1, LOG_ERROR);
    int passed = open("/dev/null", O_RDONLY);
    process_prepare();
    process_adopt(passed);
    cr_assert_eq(process_check_descriptors(), 1);
    close(passed);
    cr_assert_eq(process_check_descriptors(), 0);
}

Test(process, a_broken_pipe_is_no_death)
{
    process_prepare();
    cr_assert_eq(raise(SIGPIPE), 0);
}

Test(process, the_limit_of_descriptors_is_the_hard_one)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 100;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    process_prepare();
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_eq(limit.rlim_cur, limit.rlim_max);
}

/* No socket may get the number of standard error, or the log would go to it. */
Test(process, a_closed_standard_descriptor_is_filled)
{
    close(STDIN_FILENO);
    process_prepare();
    cr_assert_geq(fcntl(STDIN_FILENO, F_GETFD), 0);
}

Test(process, on_the_way_out_a_hangup_is_too_late)
{
    process_leave();
    cr_assert_eq(raise(SIGHUP), 0);
}
