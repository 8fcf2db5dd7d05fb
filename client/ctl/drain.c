/*
 * Output that is never waited for. See drain.h.
 */
#include "client/ctl/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes that a pipe holds: with 64 KiB, as pipes are made, both sides wait for each other after
 * each piece. */
enum { PIPE_WIDTH = 256 * 1024 };

/* Opens the pipe or terminal anew, to have non-blocking writes that concern nobody else. */
static int reopen(int fd)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void drain_widen_pipe(int fd)
{
    if (fcntl(fd, F_GETPIPE_SZ) < PIPE_WIDTH)
        (void)fcntl(fd, F_SETPIPE_SZ, PIPE_WIDTH);
}

void drain_init(struct drain *drain, int fd)
{
    struct stat status = {.st_mode = 0};

    *drain = (struct drain){.fd = fd, .most = SSIZE_MAX};
    fstat(fd, &status);
    drain->is_socket = S_ISSOCK(status.st_mode);
    if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
        return;
    drain_widen_pipe(fd);
    int own = reopen(fd);
    drain->owned = own >= 0;
    if (drain->owned)
        drain->fd = own;
    else
        drain->most = PIPE_BUF; /* a writable pipe has room for that */
}

void drain_deinit(struct drain *drain)
{
    if (drain->owned)
        close(drain->fd);
    free(drain->data);
    *drain = (struct drain){.fd = -1};
}

/* How much it took; 0 if it takes nothing now; a negative errno. */
static ssize_t write_some(const struct drain *drain, const char *data, size_t size)
{
    if (size > drain->most)
        size = drain->most;
    ssize_t count = drain->is_socket ? send(drain->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                     : write(drain->fd, data, size);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    return count;
}

static bool make_room(struct drain *drain, size_t size)
{
    size_t kept = drain_size(drain);

    if (drain->room - drain->end >= size)
        return true;
    if (drain->begin > 0)
        memmove(drain->data, drain->data + drain->begin, kept);
    drain->begin = 0;
    drain->end = kept;
    if (drain->room - kept >= size)
        return true;
    size_t room = drain->room + size > 2 * drain->room ? drain->room + size : 2 * drain->room;
    char *data = realloc(drain->data, room);
    if (!data)
        return false;
    drain->data = data;
    drain->room = room;
    return true;
}

static int keep(struct drain *drain, const char *data, size_t size)
{
    if (size == 0)
        return 0;
    if (!make_room(drain, size))
        return -ENOMEM;
    memcpy(drain->data + drain->end, data, size);
    drain->end += size;
    return 0;
}

/* With a bound on one write there must be a poll(2) before each. */
int drain_put(struct drain *drain, const void *data, size_t size)
{
    ssize_t count = 0;

    if (drain_size(drain) == 0 && drain->most > PIPE_BUF) {
        count = write_some(drain, data, size);
        if (count < 0)
            return (int)count;
    }
    return keep(drain, (const char *)data + count, size - (size_t)count);
}

int drain_flush(struct drain *drain)
{
    while (drain_size(drain) > 0) {
        ssize_t count = write_some(drain, drain->data + drain->begin, drain_size(drain));
        if (count <= 0)
            return (int)count;
        drain->begin += (size_t)count;
        if (drain->most <= PIPE_BUF)
            break;
    }
    return 0;
}

size_t drain_size(const struct drain *drain)
{
    return drain->end - drain->begin;
}
