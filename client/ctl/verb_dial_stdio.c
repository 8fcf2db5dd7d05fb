/*
 * dial-stdio: the control socket on standard input and output, for somebody on another machine.
 *
 * Bytes go through as they are. The end of the one side is passed on to the other; with the
 * daemon's end it is over.
 */
#include "client/connection.h"
#include "client/ctl/drain.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"
#include "client/path.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 64 * 1024 };

/* Bytes on their way from one descriptor to another. */
struct way {
    int from;
    struct drain to;
    bool over; /* nothing more comes */
};

/* Passes on what is there; nothing may wait to be. A negative errno if one side is broken. */
static int take(struct way *way)
{
    char bytes[ROOM];
    ssize_t size = read(way->from, bytes, sizeof bytes);

    if (size < 0)
        return errno == EINTR || errno == EAGAIN ? 0 : -errno;
    way->over = size == 0;
    return way->over ? 0 : drain_put(&way->to, bytes, (size_t)size);
}

/* What to wait for: room if there is something to pass on, else bytes. */
static struct pollfd waits_for(const struct way *way)
{
    if (drain_size(&way->to) > 0)
        return (struct pollfd){.fd = way->to.fd, .events = POLLOUT};
    return (struct pollfd){.fd = way->over ? -1 : way->from, .events = POLLIN};
}

static int step(struct way *way, const struct pollfd *fd)
{
    if (!fd->revents)
        return 0;
    return drain_size(&way->to) > 0 ? drain_flush(&way->to) : take(way);
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
        if (in->over && !told && shutdown(in->to.fd, SHUT_WR) < 0 && errno != ENOTCONN)
            return -errno;
        told = in->over;
    }
    return 0;
}

static int relay_stdio(struct ctl *ctl, int fd)
{
    struct way in = {.from = STDIN_FILENO}, out = {.from = fd};

    drain_init(&in.to, fd);
    drain_init(&out.to, STDOUT_FILENO);
    int error = relay(&in, &out);
    drain_deinit(&in.to);
    drain_deinit(&out.to);
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
