/*
 * The log: lines on standard error, or entries of the journal.
 *
 * A line is at most PIPE_BUF bytes and is written in one piece or not at all. Writing never waits:
 * when the reader of standard error, or the journal, stalls, lines are dropped, and the next one
 * that gets through says how many. Every control byte of a message is escaped, so that a peer whose
 * bytes end up in one can neither forge a line nor talk to the terminal. Nothing is allocated; any
 * thread may log.
 *
 * A line begins with the time in UTC and the level's name. When standard error is the journal
 * (JOURNAL_STREAM, systemd.exec(5)) entries are sent to it by themselves, with fields that say whom
 * they are about: SOCKD_SOCKET, SOCKD_PEER, SOCKD_UID, SOCKD_PID, SOCKD_HANDLER. Where that is not
 * possible lines begin with their priority, `<3>` and so on (sd-daemon(3)).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum log_level {
    LOG_ERROR,   /* something that was asked for did not work, and not by the asker's fault */
    LOG_WARN,    /* somebody should look at it: hostile peers, limits reached */
    LOG_INFO,    /* life and death */
    LOG_VERBOSE, /* each connection */
    LOG_DEBUG,   /* each operation */
};

/* Whom or what a line is about, as far as it is known. */
struct log_about {
    uint64_t socket;     /* its number; 0: none */
    const char *peer;    /* the address at the other end */
    const char *handler; /* the name of the fiber or of the server */
    bool has_uid;
    uid_t uid;
    pid_t pid;       /* 0: unknown */
    bool by_handler; /* in its own words, by the module `log` of Lua */
};

/* Writes to `fd` from now on, which stays the caller's, what is at least as grave as `level`.
 * Without it: standard error and LOG_INFO. Returns a descriptor of its own that stays open until
 * log_stop, or -1. */
int log_start(int fd, enum log_level level);
void log_stop(void);

/* Writes to a pipe or a terminal by an open file of its own from now on, which does not block
 * whatever others do. Returns its descriptor, which stays open until log_stop, or -1. */
int log_own(void);

/* Whether lines become entries of the journal, where a level is more than a word. */
bool log_is_journal(void);

/* From now on what is at least as grave as that is written. */
void log_set_level(enum log_level level);
enum log_level log_level(void);

/* The level of that name ("error", "warn", …), or -EINVAL. */
int log_level_parse(const char *name);
const char *log_level_name(enum log_level level);

/*
 * From now on each source of lines is held to a rate (log_rate.h): of the daemon's own lines, those
 * of one kind about one user or handler; of the lines that a handler's log module writes, its own,
 * `handler_lines` a second and thirty times as many at once. Calls `suppressed` from within, on
 * this thread only, when lines begin to be left out: log_tell_suppressed has to be called a second
 * later, and each second while it returns true.
 */
void log_hold(unsigned handler_lines, void (*suppressed)(void *context), void *context);

/* Writes "N more like this" for sources that have calmed down; `all`: for all of them. Returns
 * whether there is more to come. log_stop tells all. */
bool log_tell_suppressed(bool all);

struct log_stats {
    uint64_t suppressed; /* lines ever, for their source's rate */
    uint64_t dropped;    /* lines ever, as the reader of the log had stalled */
};
void log_stats(struct log_stats *out);

/* Is anybody interested? For messages that are dear to make. */
bool log_enabled(enum log_level level);

/* One line. `errno` survives, so that it may be reported twice. */
__attribute__((format(printf, 2, 3))) void log_write(enum log_level level, const char *format, ...);

/* `about` may be NULL. */
__attribute__((format(printf, 3, 4))) void
log_write_about(enum log_level level, const struct log_about *about, const char *format, ...);

/* A text of several lines, such as a traceback: each line break in it ends a line of the log, and
 * the lines after the first are indented by a tab, which no line of log_write begins with. In the
 * journal it is one entry. */
void log_text(enum log_level level, const char *text);

/* The same of bytes that may be anything; `about` may be NULL. */
void log_text_about(enum log_level level, const struct log_about *about, const char *text,
                    size_t size);
