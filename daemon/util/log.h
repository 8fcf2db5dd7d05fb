/*
 * The log: lines on standard error.
 *
 * A line is at most PIPE_BUF bytes and is written in one piece or not at all. Writing never waits:
 * when the reader of standard error stalls, lines are dropped, and the next one that gets through
 * says how many. Every control byte of a message is escaped, so that a peer whose bytes end up in
 * one can neither forge a line nor talk to the terminal. Nothing is allocated; any thread may log.
 *
 * When standard error is the journal (JOURNAL_STREAM, systemd.exec(5)) a line begins with its
 * priority, `<3>` and so on (sd-daemon(3)), otherwise with the time in UTC and the level's name.
 */
#pragma once

#include <stdbool.h>

enum log_level {
    LOG_ERROR,   /* something that was asked for did not work, and not by the asker's fault */
    LOG_WARN,    /* somebody should look at it: hostile peers, limits reached */
    LOG_INFO,    /* life and death */
    LOG_VERBOSE, /* each connection */
    LOG_DEBUG,   /* each operation */
};

/* Writes to `fd` from now on, which stays the caller's, what is at least as grave as `level`.
 * Without it: standard error and LOG_INFO. */
void log_start(int fd, enum log_level level);

/* The level of that name ("error", "warn", …), or -EINVAL. */
int log_level_parse(const char *name);

/* Is anybody interested? For messages that are dear to make. */
bool log_enabled(enum log_level level);

/* One line. `errno` survives, so that it may be reported twice. */
__attribute__((format(printf, 2, 3))) void log_write(enum log_level level, const char *format, ...);

/* A text of several lines, such as a traceback: each line break in it ends a line of the log, and
 * the lines after the first are indented by a tab, which no line of log_write begins with. */
void log_text(enum log_level level, const char *text);
