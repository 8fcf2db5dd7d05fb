/* The log: its lines, what it escapes, and that it waits for nobody. */
#include "harness/harness.h"
#include "util/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int ends[2];
static char got[1 << 16];

static void start(enum log_level level)
{
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    log_start(ends[1], level);
}

/* What is in the pipe now, as a string. */
static const char *drain(void)
{
    size_t length = 0;
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    while (poll(&ready, 1, 0) == 1 && length < sizeof got - 1) {
        ssize_t count = read(ends[0], got + length, sizeof got - 1 - length);
        cr_assert_gt(count, 0);
        length += (size_t)count;
    }
    got[length] = 0;
    return got;
}

/* The message of the one line in the pipe, without its time. */
static const char *message(void)
{
    drain();
    char *end = strchr(got, '\n');
    cr_assert_not_null(end);
    cr_assert_eq(end[1], 0, "more than one line: %s", got);
    *end = 0;
    char *at = strchr(got, ' ');
    cr_assert_not_null(at);
    return at + 1;
}

Test(log, a_line_has_time_level_and_message)
{
    start(LOG_INFO);
    log_write(LOG_WARN, "%s has %d", "peer", 7);
    int year, month, day, hour, minute, consumed = 0;
    double second;
    cr_assert_eq(sscanf(drain(), "%d-%d-%dT%d:%d:%lfZ %n", &year, &month, &day, &hour, &minute,
                        &second, &consumed),
                 6);
    cr_assert_str_eq(got + consumed, "warn: peer has 7\n");
}

Test(log, a_level_nobody_wants_is_not_written)
{
    start(LOG_WARN);
    log_write(LOG_INFO, "quiet");
    log_text(LOG_INFO, "quiet");
    cr_assert_str_eq(drain(), "");
    cr_assert(log_enabled(LOG_ERROR));
    cr_assert_not(log_enabled(LOG_INFO));
}

Test(log, levels_have_names)
{
    cr_assert_eq(log_level_parse("error"), LOG_ERROR);
    cr_assert_eq(log_level_parse("debug"), LOG_DEBUG);
    cr_assert_eq(log_level_parse("loud"), -EINVAL);
}

Test(log, every_control_byte_is_escaped)
{
    start(LOG_INFO);
    for (int byte = 1; byte < 256; byte++) {
        log_write(LOG_INFO, "<%c>", byte);
        const char *line = message();
        for (const char *at = line; *at; at++)
            cr_assert((unsigned char)*at >= 0x20 && (unsigned char)*at < 0x7f, "byte %d", byte);
    }
}

Test(log, a_peer_cannot_forge_a_line_or_reach_the_terminal)
{
    start(LOG_INFO);
    log_write(LOG_INFO, "name '%s'", "x\n2026-01-01 error: \x1b[2Jgone\x7f");
    cr_assert_str_eq(message(), "info: name 'x\\n2026-01-01 error: \\x1b[2Jgone\\x7f'");
}

Test(log, text_in_utf8_stays_and_what_only_looks_like_it_is_escaped)
{
    start(LOG_INFO);
    log_write(LOG_INFO, "%s", "é € 😀");
    cr_assert_str_eq(message(), "info: é € 😀");
    /* An overlong slash, a surrogate, beyond the last code point, a C1 control, a cut character. */
    log_write(LOG_INFO, "%s", "\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xc2\x9b \xe2\x82");
    cr_assert_str_eq(message(), "info: \\xc0\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80 \\xc2\\x9b "
                                "\\xe2\\x82");
}

Test(log, a_long_message_is_cut_to_what_a_pipe_takes_in_one_piece)
{
    start(LOG_INFO);
    char text[2 * PIPE_BUF];
    memset(text, '\n', sizeof text); /* grows by escaping */
    text[sizeof text - 1] = 0;
    log_write(LOG_INFO, "%s", text);
    const char *line = drain();
    size_t length = strlen(line);
    cr_assert_leq(length, PIPE_BUF);
    cr_assert_geq(length, PIPE_BUF - 16);
    cr_assert_str_eq(line + length - 5, "n...\n");
}

Test(log, a_text_of_several_lines_is_indented)
{
    start(LOG_INFO);
    log_text(LOG_ERROR, "boom\n\tin handler\nstack\x1b\n");
    const char *at = drain();
    static const char *const expected[] = {"error: boom\n", "error: \tin handler\n",
                                           "error: \tstack\\x1b\n"};
    for (size_t i = 0; i < 3; i++) {
        at = strchr(at, ' ') + 1;
        cr_assert(strncmp(at, expected[i], strlen(expected[i])) == 0, "%s", at);
        at += strlen(expected[i]);
    }
    cr_assert_str_eq(at, "");
}

Test(log, a_stalled_reader_costs_lines_but_no_time)
{
    start(LOG_INFO);
    static char filler[1 << 16];
    int capacity = fcntl(ends[1], F_GETPIPE_SZ);
    cr_assert_eq(write(ends[1], filler, (size_t)capacity), capacity);
    for (int i = 0; i < 3; i++)
        log_write(LOG_INFO, "lost");
    while (capacity > 0)
        capacity -= (int)read(ends[0], filler, (size_t)capacity);
    log_write(LOG_INFO, "heard");
    cr_assert_not_null(strstr(drain(), "warn: 3 lines of the log were dropped"));
    cr_assert_not_null(strstr(got, "info: heard\n"));
    cr_assert_null(strstr(got, "lost"));
    log_write(LOG_INFO, "again");
    cr_assert_str_eq(message(), "info: again");
}

Test(log, a_reader_that_is_gone_is_no_error)
{
    start(LOG_INFO);
    close(ends[1]);
    errno = ENOENT;
    log_write(LOG_INFO, "nobody");
    cr_assert_eq(errno, ENOENT);
}

/* The journal's stream is a socket that JOURNAL_STREAM names by device and inode. */
Test(log, the_journal_gets_priorities)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    struct stat status;
    cr_assert_eq(fstat(ends[1], &status), 0);
    char stream[64];
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_start(ends[1], LOG_DEBUG);
    log_write(LOG_ERROR, "e");
    log_write(LOG_WARN, "w");
    log_write(LOG_INFO, "i");
    log_write(LOG_VERBOSE, "v");
    log_write(LOG_DEBUG, "d");
    cr_assert_str_eq(drain(), "<3>e\n<4>w\n<6>i\n<6>v\n<7>d\n");
}

Test(log, a_socket_that_stalls_costs_no_time_either)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    log_start(ends[1], LOG_INFO);
    int before = harness_fd_count();
    for (int i = 0; i < 20000; i++)
        log_write(LOG_INFO, "some line that nobody reads, many times over");
    cr_assert_eq(harness_fd_count(), before);
}

static unsigned lines(void)
{
    unsigned count = 0;
    for (const char *at = drain(); (at = strchr(at, '\n')) != NULL; at++)
        count++;
    return count;
}

static void on_suppressed(void *context)
{
    ++*(unsigned *)context;
}

Test(log, a_kind_of_line_that_comes_too_often_is_counted)
{
    unsigned suppressed = 0;
    struct log_about about = {.has_uid = true, .uid = 7};
    start(LOG_INFO);
    log_hold(1, on_suppressed, &suppressed);
    for (int i = 0; i < 1000; i++)
        log_write_about(LOG_WARN, &about, "client %d is turned away", i);
    cr_assert_gt(suppressed, 800);
    unsigned written = lines();
    cr_assert_geq(written, 100);
    cr_assert_lt(written, 200);
    log_write(LOG_INFO, "something else");
    cr_assert_eq(lines(), 1);
    log_stop();
    char expected[80];
    snprintf(expected, sizeof expected, "warn: %u more like this", 1000 - written);
    cr_assert_not_null(strstr(drain(), expected));
    cr_assert_not_null(strstr(got, "is turned away"));
}

Test(log, a_handlers_own_lines_have_a_rate_of_their_own)
{
    unsigned suppressed = 0;
    struct log_about about = {.handler = "talkative", .by_handler = true};
    start(LOG_INFO);
    log_hold(10, on_suppressed, &suppressed);
    for (int i = 0; i < 10000; i++)
        log_text_about(LOG_INFO, &about, "x", 1);
    unsigned written = lines();
    cr_assert_geq(written, 300);
    cr_assert_lt(written, 9000);
    struct log_stats stats;
    log_stats(&stats);
    cr_assert_eq(stats.suppressed, 10000 - written);
    log_hold(0, NULL, NULL);
    log_text_about(LOG_INFO, &about, "x", 1);
    cr_assert_eq(lines(), 1);
}
