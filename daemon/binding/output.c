/*
 * Standard output without waiting; see output.h.
 *
 * The descriptor is shared with other processes (the shell, the journal), so it must not be made
 * non-blocking. Instead poll(2) is asked before each write of at most PIPE_BUF bytes, for which a
 * pipe that polls writable has room; a terminal gets less at a time. Files are always ready.
 */
#include "binding/output.h"

#include "loop/loop.h"
#include "util/error.h"

#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a terminal that polls writable takes for certain. */
#define OUTPUT_TERMINAL 128

struct output {
    struct loop *loop;
    struct loop_io *io; /* while something is kept */
    int fd;
    size_t piece; /* the most that one write may carry */
    bool file, broken;
    char *kept;
    size_t start, end, size;
    void (*drained)(void *context);
    void *context;
};

int output_new(struct output **out, struct loop *loop, int fd, void (*drained)(void *context),
               void *context)
{
    struct output *output = calloc(1, sizeof *output);
    if (output == NULL)
        return -ENOMEM;
    struct stat status = {0};
    fstat(fd, &status);
    *output = (struct output){.loop = loop, .fd = fd, .drained = drained, .context = context};
    output->file = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
    output->piece = isatty(fd) ? OUTPUT_TERMINAL : output->file ? SSIZE_MAX : PIPE_BUF;
    *out = output;
    return 0;
}

static void output_unwatch(struct output *output)
{
    if (output->io != NULL)
        loop_io_free(output->io);
    output->io = NULL;
}

void output_free(struct output *output)
{
    if (output == NULL)
        return;
    output_unwatch(output);
    free(output->kept);
    free(output);
}

size_t output_pending(const struct output *output)
{
    return output->end - output->start;
}

static bool output_ready(const struct output *output, int timeout)
{
    struct pollfd poll_fd = {.fd = output->fd, .events = POLLOUT};
    return output->file || poll(&poll_fd, 1, timeout) > 0;
}

/* Writes as much as goes without waiting, or all of it with `timeout` -1; returns how much. */
static size_t output_push(struct output *output, const char *data, size_t length, int timeout)
{
    size_t done = 0;
    while (done < length && !output->broken && output_ready(output, timeout)) {
        size_t piece = length - done < output->piece ? length - done : output->piece;
        ssize_t written = write(output->fd, data + done, piece);
        if (written > 0)
            done += (size_t)written;
        else if (written < 0 && errno == EAGAIN && timeout == 0)
            break; /* somebody else made it non-blocking */
        else if (written < 0 && errno != EINTR && errno != EAGAIN)
            output->broken = true;
    }
    return output->broken ? length : done;
}

/* ---- what is kept ---- */

static int output_make_room(struct output *output, size_t length)
{
    size_t kept = output_pending(output);
    if (output->start > 0 && kept > 0)
        memmove(output->kept, output->kept + output->start, kept);
    output->start = 0;
    output->end = kept;
    if (kept + length <= output->size)
        return 0;
    size_t size = 2 * (kept + length);
    char *memory = realloc(output->kept, size);
    if (memory == NULL)
        return -ENOMEM;
    output->kept = memory;
    output->size = size;
    return 0;
}

static void output_on_ready(void *context, unsigned events)
{
    struct output *output = context;
    (void)events;
    output->start += output_push(output, output->kept + output->start, output_pending(output), 0);
    if (output_pending(output) > 0)
        return;
    output->start = output->end = output->size = 0;
    free(output->kept);
    output->kept = NULL;
    output_unwatch(output);
    output->drained(output->context);
}

static int output_keep(struct output *output, const char *data, size_t length)
{
    int error = output_make_room(output, length);
    if (error == 0 && output->io == NULL)
        error = loop_io_new(output->loop, output->fd, output_on_ready, output, &output->io);
    if (error < 0)
        return error;
    memcpy(output->kept + output->end, data, length);
    output->end += length;
    return 0;
}

int output_write(struct output *output, const char *data, size_t length)
{
    size_t done = output_pending(output) == 0 ? output_push(output, data, length, 0) : 0;
    if (done == length)
        return 0;
    int error = output_keep(output, data + done, length - done);
    if (error != -EPERM)
        return error;
    output->file = true; /* a device that epoll does not know is always ready */
    output_push(output, data + done, length - done, -1);
    return 0;
}

void output_flush(struct output *output)
{
    output_push(output, output->kept + output->start, output_pending(output), -1);
    output->start = output->end;
    output_unwatch(output);
}
