/*
 * Standard output without waiting; see sink.h.
 *
 * The descriptor is shared with other processes (the shell, the journal), so it must not be made
 * non-blocking. A pipe or a terminal is opened anew instead. Where that cannot be done poll(2) is
 * asked before each write of at most PIPE_BUF bytes, for which a pipe that polls writable has room;
 * a terminal gets less at a time. A socket can be told not to wait. Files are always ready.
 */
#include "binding/sink.h"

#include "loop/loop.h"
#include "util/error.h"
#include "util/file.h"

#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a terminal that polls writable takes for certain. */
#define SINK_TERMINAL 128

struct sink {
    struct loop *loop;
    struct loop_io io; /* while something is kept */
    int fd, own;       /* `own` is that, opened anew; -1 */
    size_t piece;      /* the most that one write may carry */
    bool file, socket;
    int error; /* why nothing can be written any more: negative */
    char *kept;
    size_t start, end, size;
    void (*drained)(void *context);
    void *context;
};

int sink_new(struct sink **out, struct loop *loop, int fd, void (*drained)(void *context),
             void *context)
{
    struct sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL)
        return -ENOMEM;
    struct stat status = {0};
    fstat(fd, &status);
    *sink = (struct sink){.loop = loop, .fd = fd, .drained = drained, .context = context};
    sink->own = -1;
    sink->socket = S_ISSOCK(status.st_mode);
    sink->file = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
    sink->piece = isatty(fd) ? SINK_TERMINAL : sink->file ? SSIZE_MAX : PIPE_BUF;
    *out = sink;
    return 0;
}

static void sink_unwatch(struct sink *sink)
{
    loop_io_stop(sink->loop, &sink->io);
}

void sink_own(struct sink *sink)
{
    if (sink->own < 0)
        sink->own = file_reopen(sink->fd);
    if (sink->own >= 0)
        sink->fd = sink->own;
}

void sink_free(struct sink *sink)
{
    if (sink == NULL)
        return;
    sink_unwatch(sink);
    if (sink->own >= 0)
        close(sink->own);
    free(sink->kept);
    free(sink);
}

size_t sink_pending(const struct sink *sink)
{
    return sink->end - sink->start;
}

/* Milliseconds until a deadline, for poll(2), which is to return after it rather than before. */
static int sink_timeout(uint64_t deadline)
{
    if (deadline == LOOP_NEVER)
        return -1;
    uint64_t now = deadline > 0 ? loop_now() : 0;
    uint64_t left = deadline > now ? (deadline - now) / (LOOP_SECOND / 1000) + 1 : 0;
    return left < INT_MAX ? (int)left : INT_MAX;
}

static bool sink_ready(const struct sink *sink, uint64_t deadline)
{
    struct pollfd poll_fd = {.fd = sink->fd, .events = POLLOUT};
    int count = 1;
    if (!sink->file)
        do
            count = poll(&poll_fd, 1, sink_timeout(deadline));
        while (count < 0 && errno == EINTR);
    return count > 0;
}

static ssize_t sink_put(const struct sink *sink, const char *data, size_t length)
{
    if (sink->socket)
        return send(sink->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return write(sink->fd, data, length);
}

/* Writes as much as goes before the deadline, 0: without waiting; returns how much. */
static size_t sink_push(struct sink *sink, const char *data, size_t length, uint64_t deadline)
{
    size_t done = 0;
    while (done < length && sink->error == 0 && sink_ready(sink, deadline)) {
        size_t piece = length - done < sink->piece ? length - done : sink->piece;
        ssize_t written = sink_put(sink, data + done, piece);
        if (written > 0)
            done += (size_t)written;
        else if (written < 0 && errno == EAGAIN && deadline == 0)
            break; /* somebody else made it non-blocking */
        else if (written < 0 && errno != EINTR && errno != EAGAIN)
            sink->error = -errno;
    }
    return sink->error < 0 ? length : done;
}

/* ---- what is kept ---- */

static int sink_make_room(struct sink *sink, size_t length)
{
    size_t kept = sink_pending(sink);
    if (sink->start > 0 && kept > 0)
        memmove(sink->kept, sink->kept + sink->start, kept);
    sink->start = 0;
    sink->end = kept;
    if (kept + length <= sink->size)
        return 0;
    size_t size = 2 * (kept + length);
    char *memory = realloc(sink->kept, size);
    if (memory == NULL)
        return -ENOMEM;
    sink->kept = memory;
    sink->size = size;
    return 0;
}

static void sink_on_ready(struct loop_io *io, unsigned events)
{
    struct sink *sink = CONTAINER_OF(io, struct sink, io);
    (void)events;
    sink->start += sink_push(sink, sink->kept + sink->start, sink_pending(sink), 0);
    if (sink_pending(sink) > 0) {
        loop_io_want_write(sink->loop, &sink->io);
        return;
    }
    sink->start = sink->end = sink->size = 0;
    free(sink->kept);
    sink->kept = NULL;
    sink_unwatch(sink);
    sink->drained(sink->context);
}

static int sink_keep(struct sink *sink, const char *data, size_t length)
{
    int error = sink_make_room(sink, length);
    if (error == 0 && !loop_io_watches(&sink->io))
        error = loop_io_start(sink->loop, &sink->io, sink->fd, sink_on_ready);
    if (error < 0)
        return error;
    loop_io_want_write(sink->loop, &sink->io);
    memcpy(sink->kept + sink->end, data, length);
    sink->end += length;
    return 0;
}

int sink_write(struct sink *sink, const char *data, size_t length)
{
    size_t done = sink_pending(sink) == 0 ? sink_push(sink, data, length, 0) : 0;
    if (done == length)
        return 0;
    int error = sink_keep(sink, data + done, length - done);
    if (error != -EPERM)
        return error;
    sink->file = true; /* a device that epoll does not know is always ready */
    sink_push(sink, data + done, length - done, LOOP_NEVER);
    return 0;
}

int sink_flush(struct sink *sink, uint64_t deadline)
{
    if (sink_pending(sink) > 0)
        sink_push(sink, sink->kept + sink->start, sink_pending(sink), deadline);
    sink->start = sink->end;
    sink_unwatch(sink);
    return sink->error;
}
