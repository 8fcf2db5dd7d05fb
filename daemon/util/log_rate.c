/*
 * The rates of the log; see log_rate.h.
 *
 * A source is a number made from who it is. Each has the time at which it will have paid for all of
 * its lines; a line is admitted as long as that is not too far ahead. The table is small: the
 * source that has been quiet for longest makes room for a new one.
 *
 * Any thread may log, also from a signal handler that has interrupted another line. Who finds the
 * table in use does not wait, and writes.
 */
#include "util/log_rate.h"

#include "util/hash.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define SECOND  1e9

/* How long a source must have been quiet for its count to be told, and how often it is told of one
 * that is not. */
#define QUIET   1000000000u
#define REMINDS 10000000000u

enum { SOURCES = 128 };

struct source {
    uint64_t key;  /* 0: free */
    uint64_t paid; /* until then */
    uint64_t last, told;
    struct log_rate_more more;
};

static struct source sources[SOURCES];
static struct log_rate_more others; /* of sources that had to make room */
static atomic_flag busy = ATOMIC_FLAG_INIT;
static atomic_ullong suppressed;
static atomic_uint pending; /* sources with a count */

/* ---- who ---- */

/* Of "server/127.0.0.1:51706", which serves a connection, "server". */
static size_t handler_length(const struct log_about *about)
{
    const char *slash = about->socket > 0 ? strchr(about->handler, '/') : NULL;
    return slash ? (size_t)(slash - about->handler) : strlen(about->handler);
}

uint64_t log_rate_source(const void *kind, enum log_level level, const struct log_about *about)
{
    uint64_t key = hash_number((uint64_t)(uintptr_t)kind + (uint64_t)level);
    if (about && about->has_uid)
        key = hash_number(key ^ (about->uid + UINT64_C(1)));
    if (about && about->handler)
        key = hash_bytes(key, about->handler, handler_length(about));
    return key | 1;
}

/* ---- the table, which is the caller's meanwhile ---- */

/* Nobody's count is lost. */
static void displace(const struct log_rate_more *more)
{
    if (others.count > 0) {
        others.count += more->count;
        atomic_fetch_sub(&pending, 1);
        return;
    }
    others = *more;
    snprintf(others.text, sizeof others.text, "lines of many sources, such as: %.*s",
             LOG_RATE_TEXT / 2, more->text);
}

static struct source *find(uint64_t key)
{
    struct source *oldest = &sources[0];
    for (struct source *source = sources; source < sources + SOURCES; source++) {
        if (source->key == key)
            return source;
        if (source->last < oldest->last)
            oldest = source;
    }
    if (oldest->more.count > 0)
        displace(&oldest->more);
    *oldest = (struct source){.key = key};
    return oldest;
}

static void keep(struct source *source, uint64_t now, enum log_level level, const char *text,
                 size_t size)
{
    struct log_rate_more *more = &source->more;
    if (more->count++ > 0)
        return;
    if (source->told == 0)
        source->told = now;
    more->since = now;
    more->level = level;
    size_t kept = size < sizeof more->text ? size : sizeof more->text - 1;
    memcpy(more->text, text, kept);
    more->text[kept] = 0;
    more->text[strcspn(more->text, "\n")] = 0;
    atomic_fetch_add(&pending, 1);
}

static bool admit(struct source *source, const struct log_rate *rate, uint64_t now, size_t size)
{
    size_t lines = rate->line > 0 ? 1 + size / rate->line : 1;
    double cost = (double)lines * SECOND / rate->each_second;
    uint64_t ahead = (uint64_t)(rate->at_once * SECOND / rate->each_second);
    uint64_t from = source->paid > now ? source->paid : now;
    if (from - now + (uint64_t)cost > ahead)
        return false;
    source->paid = from + (uint64_t)cost;
    return true;
}

bool log_rate_admit(uint64_t key, const struct log_rate *rate, uint64_t now, enum log_level level,
                    const char *text, size_t size)
{
    if (atomic_flag_test_and_set(&busy))
        return true;
    struct source *source = find(key);
    source->last = now;
    bool admitted = admit(source, rate, now, size);
    if (!admitted) {
        keep(source, now, level, text, size);
        atomic_fetch_add(&suppressed, 1);
    }
    atomic_flag_clear(&busy);
    return admitted;
}

/* ---- counts ---- */

static bool is_due(const struct source *source, uint64_t now, bool all)
{
    return source->more.count > 0 &&
           (all || now - source->last >= QUIET || now - source->told >= REMINDS);
}

bool log_rate_next(uint64_t now, bool all, struct log_rate_more *out)
{
    bool found = false;
    if (atomic_flag_test_and_set(&busy))
        return false;
    if (others.count > 0 && (all || now - others.since >= QUIET)) {
        *out = others;
        others.count = 0;
        atomic_fetch_sub(&pending, 1);
        found = true;
    }
    for (struct source *source = sources; !found && source < sources + SOURCES; source++) {
        found = is_due(source, now, all);
        if (!found)
            continue;
        *out = source->more;
        source->more.count = 0;
        source->told = now;
        atomic_fetch_sub(&pending, 1);
    }
    atomic_flag_clear(&busy);
    return found;
}

bool log_rate_pending(void)
{
    return atomic_load(&pending) > 0;
}

uint64_t log_rate_suppressed(void)
{
    return atomic_load(&suppressed);
}

void log_rate_forget(void)
{
    memset(sources, 0, sizeof sources);
    others.count = 0;
    atomic_store(&pending, 0);
    atomic_store(&suppressed, 0);
}
