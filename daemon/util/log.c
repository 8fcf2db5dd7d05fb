/* The log; the contract is in log.h.
 *
 * A line is built on the stack and handed to the kernel in one call. A pipe or a terminal is opened
 * anew, so as not to block; where that cannot be done poll(2) says whether the call would wait (a
 * pipe that polls writable has room for PIPE_BUF bytes, unless others write to it too). A socket,
 * which the journal's stream is, can be told not to wait.
 */
#include "util/log.h"

#include "util/escape.h"
#include "util/file.h"
#include "util/journal.h"
#include "util/log_rate.h"
#include "util/poll_now.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A text of several lines is cut to this in the journal. */
#define LOG_ENTRY ((size_t)16 << 10)

/* Set at the start, before there is a second thread, and read by all. */
static struct {
    int fd, own; /* `own` is that, opened anew; -1 */
    atomic_int level;
    bool priorities; /* lines begin with them: the journal reads them */
    bool socket;
    struct journal journal;
} target = {.fd = STDERR_FILENO, .own = -1, .level = LOG_INFO, .journal = {.fd = -1}};

static atomic_uint dropped;
static atomic_ullong dropped_ever;

/* What the daemon has to say of one kind about one user or handler. */
static const struct log_rate own_rate = {.each_second = 1, .at_once = 100};

/* All of that together: users and handlers may be many. */
static const struct log_rate total_rate = {.each_second = 20, .at_once = 2000};

/* How long a handler's lines may come faster than they may for ever, in seconds. */
#define HANDLER_BURST 30

/* As many bytes of a handler's count as one line. */
#define HANDLER_LINE  256

static struct {
    bool on;
    struct log_rate handlers;
    void (*suppressed)(void *context);
    void *context;
    pthread_t thread;
} held;
static atomic_bool torn; /* a terminal took only the beginning of the last line */

static const struct {
    const char *name;
    const char *priority; /* syslog's */
} levels[] = {
    [LOG_ERROR] = {"error", "3"},     [LOG_WARN] = {"warn", "4"},   [LOG_INFO] = {"info", "6"},
    [LOG_VERBOSE] = {"verbose", "6"}, [LOG_DEBUG] = {"debug", "7"},
};

/* ---- where it goes ---- */

/* Is this the very file that systemd connected to the journal? */
static bool is_journal(const struct stat *status)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           device == status->st_dev && inode == status->st_ino;
}

int log_start(int fd, enum log_level level)
{
    struct stat status = {0};
    bool known = fstat(fd, &status) == 0;
    log_stop();
    target.fd = fd;
    target.level = level;
    target.priorities = known && is_journal(&status);
    target.socket = known && S_ISSOCK(status.st_mode);
    if (target.priorities)
        journal_open(&target.journal, JOURNAL_PATH);
    return target.journal.fd;
}

void log_stop(void)
{
    if (held.on)
        log_tell_suppressed(true);
    held.on = false;
    journal_close(&target.journal);
    if (target.own >= 0) {
        close(target.own);
        target.fd = STDERR_FILENO;
    }
    target.own = -1;
}

int log_own(void)
{
    if (target.own < 0)
        target.own = file_reopen(target.fd);
    if (target.own >= 0)
        target.fd = target.own;
    return target.own;
}

bool log_is_journal(void)
{
    return target.priorities;
}

/* ---- levels ---- */

int log_level_parse(const char *name)
{
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
        if (!strcmp(name, levels[level].name))
            return level;
    return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
    return levels[level].name;
}

void log_set_level(enum log_level level)
{
    target.level = level;
}

enum log_level log_level(void)
{
    return (enum log_level)target.level;
}

bool log_enabled(enum log_level level)
{
    return (int)level <= target.level;
}

/* ---- lines ---- */

/* Room for what ends a line that is cut. */
static const char cut[] = "...\n";

struct line {
    char text[PIPE_BUF];
    struct escape out;
};

/* Adds the text up to its end or, if `stop` is a line break, up to that; returns where it is. */
static const char *add_text(struct escape *out, const char *text, const char *end, char stop)
{
    const char *stopped = escape_add(out, text, end, stop);
    if (stopped == end || (stop && *stopped == stop))
        return stopped;
    out->size += sizeof cut - 2;
    escape_add_raw(out, cut, sizeof cut - 2);
    const char *found = stop ? memchr(stopped, stop, (size_t)(end - stopped)) : NULL;
    return found ? found : end;
}

/* The lines of a text, of which a break at its end begins no other. */
struct lines {
    const char *at, *end;
    bool first;
};

/* Adds the next line; those after the first are indented. */
static void add_line(struct escape *out, struct lines *lines)
{
    if (!lines->first)
        escape_add_raw(out, "\t", 1);
    const char *begin = lines->at + (!lines->first && *lines->at == '\t');
    const char *stopped = add_text(out, begin, lines->end, '\n');
    lines->at = stopped < lines->end ? stopped + 1 : stopped;
    lines->first = false;
}

static void line_begin(struct line *line, enum log_level level)
{
    line->out = (struct escape){line->text, 0, sizeof line->text - sizeof cut};
    char stamp[64];
    if (target.priorities) {
        snprintf(stamp, sizeof stamp, "<%s>", levels[level].priority);
        escape_add_raw(&line->out, stamp, strlen(stamp));
        return;
    }
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t length = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    int rest = snprintf(stamp + length, sizeof stamp - length,
                        ".%03ldZ %s: ", now.tv_nsec / 1000000, levels[level].name);
    escape_add_raw(&line->out, stamp, length + (size_t)rest);
}

/* One write of the whole line that does not wait; false if it was not possible now. */
static bool line_put(struct line *line)
{
    size_t length = line->out.length;
    line->text[length++] = '\n';
    if (target.socket)
        return send(target.fd, line->text, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    if (!(poll_now(target.fd, POLLOUT) & POLLOUT))
        return false;
    if (atomic_load(&torn) && write(target.fd, "\n", 1) != 1)
        return false;
    ssize_t written = write(target.fd, line->text, length);
    atomic_store(&torn, written >= 0 && (size_t)written < length);
    return written >= 0;
}

/* ---- entries of the journal ---- */

struct entry {
    struct journal_field fields[JOURNAL_FIELDS];
    size_t count;
    char socket[24], uid[24], pid[24];
};

static void entry_add(struct entry *entry, const char *name, const char *value, size_t size)
{
    entry->fields[entry->count++] = (struct journal_field){name, value, size};
}

static void entry_add_text(struct entry *entry, const char *name, const char *value)
{
    if (value)
        entry_add(entry, name, value, strlen(value));
}

static const char *number(char *room, size_t size, uint64_t value)
{
    snprintf(room, size, "%llu", (unsigned long long)value);
    return room;
}

static void entry_add_about(struct entry *entry, const struct log_about *about)
{
    if (about->socket > 0)
        entry_add_text(entry, "SOCKD_SOCKET",
                       number(entry->socket, sizeof entry->socket, about->socket));
    if (about->has_uid)
        entry_add_text(entry, "SOCKD_UID", number(entry->uid, sizeof entry->uid, about->uid));
    if (about->pid > 0)
        entry_add_text(entry, "SOCKD_PID",
                       number(entry->pid, sizeof entry->pid, (uint64_t)about->pid));
    entry_add_text(entry, "SOCKD_PEER", about->peer);
    entry_add_text(entry, "SOCKD_HANDLER", about->handler);
}

static bool entry_put(enum log_level level, const struct log_about *about, const char *text,
                      size_t size)
{
    struct entry entry = {.count = 0};
    entry_add(&entry, "MESSAGE", text, size);
    entry_add_text(&entry, "PRIORITY", levels[level].priority);
    entry_add_text(&entry, "SYSLOG_IDENTIFIER", "sockd");
    entry_add_text(&entry, "SOCKD_LEVEL", levels[level].name);
    if (about)
        entry_add_about(&entry, about);
    return journal_send(&target.journal, entry.fields, entry.count) == 0;
}

/* All of a text in one entry: its line breaks stay, everything else is escaped. */
static bool entry_put_text(enum log_level level, const struct log_about *about, struct lines lines)
{
    char room[LOG_ENTRY];
    struct escape out = {room, 0, sizeof room - sizeof cut};
    do {
        if (!lines.first)
            escape_add_raw(&out, "\n", 1);
        add_line(&out, &lines);
    } while (lines.at < lines.end);
    return entry_put(level, about, room, out.length);
}

/* ---- what was dropped ---- */

/* It is told before the line that gets through first. */
static bool report_dropped(void)
{
    unsigned count = atomic_exchange(&dropped, 0);
    if (count == 0)
        return true;
    struct line line;
    char text[80];
    snprintf(text, sizeof text, "%u lines of the log were dropped: its reader had stalled", count);
    bool told;
    if (target.journal.fd >= 0) {
        told = entry_put(LOG_WARN, NULL, text, strlen(text));
    } else {
        line_begin(&line, LOG_WARN);
        escape_add_text(&line.out, text);
        told = line_put(&line);
    }
    if (!told)
        atomic_fetch_add(&dropped, count);
    return told;
}

static void drop(void)
{
    atomic_fetch_add(&dropped, 1);
    atomic_fetch_add(&dropped_ever, 1);
}

static void line_end(struct line *line)
{
    if (!report_dropped() || !line_put(line))
        drop();
}

/* ---- rates ---- */

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static bool within_rate(const void *kind, enum log_level level, const struct log_about *about,
                        const char *text, size_t size)
{
    static const char words[] = "", all[] = "";
    if (about && about->by_handler)
        return log_rate_admit(log_rate_source(words, level, about), &held.handlers, now(), level,
                              text, size);
    return log_rate_admit(log_rate_source(kind, level, about), &own_rate, now(), level, text,
                          size) &&
           log_rate_admit(log_rate_source(all, LOG_INFO, NULL), &total_rate, now(), level, text,
                          size);
}

/* Whether a line may be written. `kind`: the same for all lines of one kind. */
static bool admit(const void *kind, enum log_level level, const struct log_about *about,
                  const char *text, size_t size)
{
    if (!held.on || within_rate(kind, level, about, text, size))
        return true;
    if (held.suppressed && pthread_equal(pthread_self(), held.thread))
        held.suppressed(held.context);
    return false;
}

void log_hold(unsigned handler_lines, void (*suppressed)(void *context), void *context)
{
    held.handlers =
        (struct log_rate){handler_lines, (double)handler_lines * HANDLER_BURST, HANDLER_LINE};
    held.suppressed = suppressed;
    held.context = context;
    held.thread = pthread_self();
    held.on = handler_lines > 0;
}

void log_stats(struct log_stats *out)
{
    *out = (struct log_stats){log_rate_suppressed(), atomic_load(&dropped_ever)};
}

/* ---- logging ---- */

static void put_lines(enum log_level level, struct lines lines)
{
    do {
        struct line line;
        line_begin(&line, level);
        add_line(&line.out, &lines);
        line_end(&line);
    } while (lines.at < lines.end);
}

void log_text_about(enum log_level level, const struct log_about *about, const char *text,
                    size_t size)
{
    if (!log_enabled(level))
        return;
    static const char texts[] = "";
    int saved = errno;
    struct lines lines = {text, text + size, true};
    if (!admit(texts, level, about, text, size))
        return;
    if (target.journal.fd < 0)
        put_lines(level, lines);
    else if (!report_dropped() || !entry_put_text(level, about, lines))
        drop();
    errno = saved;
}

void log_text(enum log_level level, const char *text)
{
    log_text_about(level, NULL, text, strlen(text));
}

static void write_message(enum log_level level, const struct log_about *about, const char *message)
{
    struct line line;
    line_begin(&line, level);
    size_t head = line.out.length;
    add_text(&line.out, message, message + strlen(message), 0);
    if (target.journal.fd < 0)
        line_end(&line);
    else if (!report_dropped() ||
             !entry_put(level, about, line.text + head, line.out.length - head))
        drop();
}

bool log_tell_suppressed(bool all)
{
    struct log_rate_more more;
    char text[LOG_RATE_TEXT + 80];
    for (uint64_t time = now(); log_rate_next(time, all, &more);) {
        snprintf(text, sizeof text, "%llu more like this within %.0f s: %s",
                 (unsigned long long)more.count, (double)(time - more.since) / 1e9, more.text);
        write_message(more.level, NULL, text);
    }
    return log_rate_pending();
}

__attribute__((format(printf, 3, 0))) static void write_line(enum log_level level,
                                                             const struct log_about *about,
                                                             const char *format, va_list arguments)
{
    int saved = errno;
    char message[PIPE_BUF];
    vsnprintf(message, sizeof message, format, arguments);
    if (admit(format, level, about, message, strlen(message)))
        write_message(level, about, message);
    errno = saved;
}

void log_write_about(enum log_level level, const struct log_about *about, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    va_list arguments;
    va_start(arguments, format);
    write_line(level, about, format, arguments);
    va_end(arguments);
}

void log_write(enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    va_list arguments;
    va_start(arguments, format);
    write_line(level, NULL, format, arguments);
    va_end(arguments);
}
