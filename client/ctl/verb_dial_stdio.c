/*
 * dial-stdio: the control socket on standard input and output, for somebody on another machine.
 *
 * Bytes go through as they are. The end of the one side is passed on to the other; with the
 * daemon's end it is over.
 */
#include "client/connection.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"
#include "client/path.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 64 * 1024 };

/* Bytes on their way from one descriptor to another. */
struct way {
    int from;
    int to;
    size_t begin;
    size_t end;
    bool over; /* nothing more comes */
    char bytes[ROOM];
};

static bool is_empty(const struct way *way)
{
    return way->begin == way->end;
}

/* Takes what is there into an empty buffer. A negative errno if the source is broken. */
static int take(struct way *way)
{
    ssize_t size = read(way->from, way->bytes, ROOM);

    if (size < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    way->over = size == 0;
    way->begin = 0;
    way->end = (size_t)size;
    return 0;
}

/* Passes on what the destination takes without waiting: a socket says how much that is; anything
 * else, a pipe most often, takes so many bytes once it is writable. */
static int pass(struct way *way)
{
    size_t left = way->end - way->begin;
    const char *bytes = way->bytes + way->begin;
    ssize_t size = send(way->to, bytes, left, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (size < 0 && errno == ENOTSOCK)
        size = write(way->to, bytes, left < PIPE_BUF ? left : PIPE_BUF);
    if (size < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    way->begin += (size_t)size;
    return 0;
}

/* What to wait for: room if there is something to pass on, else bytes. */
static struct pollfd waits_for(const struct way *way)
{
    if (!is_empty(way))
        return (struct pollfd){.fd = way->to, .events = POLLOUT};
    return (struct pollfd){.fd = way->over ? -1 : way->from, .events = POLLIN};
}

static int step(struct way *way, const struct pollfd *fd)
{
    if (!fd->revents)
        return 0;
    return is_empty(way) ? take(way) : pass(way);
}

/* 0 at the daemon's end, or a negative errno. */
static int relay(struct way *in, struct way *out)
{
    bool told = false;

    while (!out->over) {
        struct pollfd fds[] = {waits_for(in), waits_for(out)};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return -errno;
        int error = step(in, &fds[0]);
        if (!error)
            error = step(out, &fds[1]);
        if (error)
            return error;
        if (in->over && !told)
            shutdown(in->to, SHUT_WR);
        told = in->over;
    }
    return 0;
}

static int relay_stdio(struct ctl *ctl, int fd)
{
    struct way *ways = calloc(2, sizeof *ways);

    if (!ways)
        return report_memory(ctl);
    ways[0].from = STDIN_FILENO;
    ways[0].to = fd;
    ways[1].from = fd;
    ways[1].to = STDOUT_FILENO;
    int error = relay(&ways[0], &ways[1]);
    free(ways);
    return error ? report_local(ctl, "relay", error) : 0;
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct connection connection;
    char path[PATH_ROOM];

    if (command->count > 0 || ctl->host)
        return report_usage(ctl->verb, "it takes no argument and no --host");
    int error = path_find(ctl->socket, path, sizeof path);
    if (!error)
        error = connection_open(&connection, path);
    if (error)
        return report_unreachable(ctl, error);
    int status = relay_stdio(ctl, connection.fd);
    connection_close(&connection);
    return status;
}

const struct verb verb_dial_stdio = {
    .name = "dial-stdio",
    .arguments = "",
    .doc = "Joins standard input and output to the control socket; --host runs it over ssh",
    .run = run,
};
