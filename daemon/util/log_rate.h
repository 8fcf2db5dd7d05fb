/*
 * How many lines one source may write to the log, so that nobody fills a disk with it: a user's
 * clients, a server, a handler's own log module, each with one kind of line.
 *
 * A source may write so many at once, and after that so many a second. The first lines always get
 * through. Of those that do not one is kept, with how many there were: log_rate_next hands that out
 * when the source has calmed down, and now and then while it has not.
 */
#pragma once

#include "util/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A kept line is cut to this. */
enum { LOG_RATE_TEXT = 200 };

struct log_rate {
    double each_second;
    double at_once;
    size_t line; /* as many bytes count as one line; 0: a line is one, however long */
};

struct log_rate_more {
    uint64_t count;
    uint64_t since; /* monotonic nanoseconds: when the first of them came */
    enum log_level level;
    char text[LOG_RATE_TEXT];
};

/* Who writes what: `kind` is the same for lines of one kind. */
uint64_t log_rate_source(const void *kind, enum log_level level, const struct log_about *about);

/* Whether the text, which need not be terminated, may be written now (monotonic nanoseconds).
 * Otherwise it is counted, and kept if it is the first one. */
bool log_rate_admit(uint64_t source, const struct log_rate *rate, uint64_t now,
                    enum log_level level, const char *text, size_t size);

/* Takes the next count that is to be told now; `all`: or at all. False: there is none. */
bool log_rate_next(uint64_t now, bool all, struct log_rate_more *out);

/* Whether there is any count that was not told yet. */
bool log_rate_pending(void);

/* Lines that were not written, ever. */
uint64_t log_rate_suppressed(void);

/* Forgets all sources, for tests. */
void log_rate_forget(void);
