/* The log; the contract is in log.h.
 *
 * A line is built on the stack and handed to the kernel in one call. For a pipe or a terminal
 * poll(2) says whether that call would wait (a pipe that polls writable has room for PIPE_BUF
 * bytes); a socket, which the journal's stream is, can be told not to wait.
 */
#include "util/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Set once at the start, before there is a second thread, and read by all. */
static struct {
    int fd;
    enum log_level level;
    bool journal;
    bool socket;
} target = {.fd = STDERR_FILENO, .level = LOG_INFO};

static atomic_uint dropped;

static const struct {
    const char *name;
    char priority; /* syslog's */
} levels[] = {
    [LOG_ERROR] = {"error", '3'},     [LOG_WARN] = {"warn", '4'},   [LOG_INFO] = {"info", '6'},
    [LOG_VERBOSE] = {"verbose", '6'}, [LOG_DEBUG] = {"debug", '7'},
};

struct line {
    char text[PIPE_BUF];
    size_t length;
};

/* Is this the very file that systemd connected to the journal? */
static bool is_journal(const struct stat *status)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
           device == status->st_dev && inode == status->st_ino;
}

void log_start(int fd, enum log_level level)
{
    struct stat status = {0};
    bool known = fstat(fd, &status) == 0;
    target.fd = fd;
    target.level = level;
    target.journal = known && is_journal(&status);
    target.socket = known && S_ISSOCK(status.st_mode);
}

int log_level_parse(const char *name)
{
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
        if (!strcmp(name, levels[level].name))
            return level;
    return -EINVAL;
}

bool log_enabled(enum log_level level)
{
    return level <= target.level;
}

/* Room for what ends a line that is cut. */
static const char cut[] = "...\n";

static bool line_add(struct line *line, const char *text, size_t length)
{
    if (line->length + length > sizeof line->text - sizeof cut)
        return false;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    return true;
}

/* The length of the UTF-8 character at `text`, if it is a whole, shortest-form and printable one;
 * 0 otherwise. The controls beyond ASCII, U+0080 to U+009F, are not printable. */
static size_t printable_length(const unsigned char *text)
{
    static const uint32_t least[] = {0, 0x20, 0xa0, 0x800, 0x10000};
    unsigned char first = text[0];
    if (first < 0x80)
        return first >= 0x20 && first != 0x7f;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    uint32_t code = first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least[length] || code > 0x10ffff || surrogate ? 0 : length;
}

static bool line_add_escaped(struct line *line, unsigned char byte)
{
    static const char letters[] = "abtnvfr"; /* 7 to 13 */
    char escape[5];
    if (byte >= 7 && byte <= 13)
        snprintf(escape, sizeof escape, "\\%c", letters[byte - 7]);
    else
        snprintf(escape, sizeof escape, "\\x%02x", byte);
    return line_add(line, escape, strlen(escape));
}

/* Adds the text up to its end or, if `end` is a line break, up to that. */
static const char *line_add_text(struct line *line, const char *text, char end)
{
    while (*text && *text != end) {
        size_t length = printable_length((const unsigned char *)text);
        bool fits = length > 0 ? line_add(line, text, length)
                               : line_add_escaped(line, (unsigned char)*text);
        if (!fits) {
            memcpy(line->text + line->length, cut, sizeof cut - 2);
            line->length += sizeof cut - 2;
            return text + strcspn(text, (const char[]){end, 0});
        }
        text += length > 0 ? length : 1;
    }
    return text;
}

static void line_begin(struct line *line, enum log_level level)
{
    line->length = 0;
    if (target.journal) {
        line_add(line, (const char[]){'<', levels[level].priority, '>'}, 3);
        return;
    }
    struct timespec now;
    struct tm tm;
    char stamp[64];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t length = strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    int rest = snprintf(stamp + length, sizeof stamp - length,
                        ".%03ldZ %s: ", now.tv_nsec / 1000000, levels[level].name);
    line_add(line, stamp, length + (size_t)rest);
}

/* One write of the whole line that does not wait; false if it was not possible now. */
static bool line_put(struct line *line)
{
    line->text[line->length] = '\n';
    size_t length = line->length + 1;
    if (target.socket)
        return send(target.fd, line->text, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    struct pollfd ready = {.fd = target.fd, .events = POLLOUT};
    return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) &&
           write(target.fd, line->text, length) >= 0;
}

/* What was dropped is told before the line that gets through first. */
static bool report_dropped(void)
{
    unsigned count = atomic_exchange(&dropped, 0);
    if (count == 0)
        return true;
    struct line line;
    char text[80];
    snprintf(text, sizeof text, "%u lines of the log were dropped: its reader had stalled", count);
    line_begin(&line, LOG_WARN);
    line_add_text(&line, text, 0);
    if (line_put(&line))
        return true;
    atomic_fetch_add(&dropped, count);
    return false;
}

static void line_end(struct line *line)
{
    if (!report_dropped() || !line_put(line))
        atomic_fetch_add(&dropped, 1);
}

void log_write(enum log_level level, const char *format, ...)
{
    if (!log_enabled(level))
        return;
    int saved = errno;
    char message[PIPE_BUF];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);

    struct line line;
    line_begin(&line, level);
    line_add_text(&line, message, 0);
    line_end(&line);
    errno = saved;
}

void log_text(enum log_level level, const char *text)
{
    if (!log_enabled(level))
        return;
    int saved = errno;
    for (const char *at = text, *end; at; at = end[0] && end[1] ? end + 1 : NULL) {
        struct line line;
        line_begin(&line, level);
        if (at != text)
            line_add(&line, "\t", 1);
        end = line_add_text(&line, at + (at != text && *at == '\t'), '\n');
        line_end(&line);
    }
    errno = saved;
}
