/*
 * Clients that connect, send one line, expect it back and then the end of the stream, over and
 * over. The server closes first: so the port of the client is free again at once, and a long run
 * does not exhaust the ports of the machine.
 */
#include "load.h"
#include "pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct caller {
    int fd;
    bool sent;
    size_t received;
    uint64_t began;
    uint64_t offset; /* of its next line in the pattern */
};

struct connect {
    const struct load_options *options;
    struct load load;
    struct pattern pattern;
    struct caller *callers;
    int epoll;
};

static void caller_dial(struct connect *connect, struct caller *caller, uint64_t now)
{
    caller->sent = false;
    caller->received = 0;
    caller->began = now;
    caller->fd = endpoint_begin(&connect->options->endpoint);
    if (caller->fd < 0)
        fail(errno, "connect");
    load_watch(connect->epoll, caller->fd, caller);
}

/* The descriptor is writable for the first time: the connection stands, or has failed. */
static void caller_send(struct connect *connect, struct caller *caller)
{
    const uint8_t *line = pattern_at(&connect->pattern, caller->offset);
    ssize_t sent = send(caller->fd, line, connect->options->size, MSG_NOSIGNAL);
    if (sent != (ssize_t)connect->options->size)
        fail(sent < 0 ? errno : EAGAIN, "send on a fresh connection");
    caller->sent = true;
}

/* True at the end of the stream. */
static bool caller_receive(struct connect *connect, struct caller *caller)
{
    uint8_t buffer[4096];
    ssize_t got = recv(caller->fd, buffer, sizeof(buffer), 0);
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got < 0)
        fail(errno, "recv");
    const uint8_t *line = pattern_at(&connect->pattern, caller->offset);
    if ((size_t)got > connect->options->size - caller->received ||
        memcmp(buffer, line + caller->received, (size_t)got) != 0)
        fail(0, "an answer differs from what was sent");
    caller->received += (size_t)got;
    if (got > 0)
        return false;
    if (caller->received != connect->options->size)
        fail(0, "the server closed after %zu bytes", caller->received);
    return true;
}

/* False when it is time to stop. */
static bool caller_serve(struct connect *connect, struct caller *caller, uint32_t events)
{
    if (!caller->sent && events & (EPOLLOUT | EPOLLERR))
        caller_send(connect, caller);
    /* The line and the end may have come together, and an edge is reported once. */
    size_t before;
    do {
        before = caller->received;
        if (caller_receive(connect, caller)) {
            uint64_t now = clock_ns();
            close(caller->fd);
            load_request(&connect->load, caller->began, now);
            caller->offset += connect->options->size;
            caller->fd = -1;
            if (load_over(&connect->load, now))
                return false;
            caller_dial(connect, caller, now);
            return true;
        }
    } while (caller->received != before);
    return true;
}

static void connect_run(struct connect *connect)
{
    struct epoll_event events[LOAD_EVENTS];
    for (;;) {
        int count = load_wait(connect->epoll, events);
        for (int i = 0; i < count; i++)
            if (!caller_serve(connect, events[i].data.ptr, events[i].events))
                return;
    }
}

void load_connect(const struct load_options *options)
{
    struct connect connect = {.options = options, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    pattern_init(&connect.pattern, options->size, true);
    connect.callers = allocate(options->connections, sizeof(*connect.callers));
    close(endpoint_connect(&options->endpoint)); /* once it has started */
    load_begin(&connect.load, options);
    for (unsigned i = 0; i < options->connections; i++) {
        connect.callers[i].offset = pattern_origin(&connect.pattern, i);
        caller_dial(&connect, &connect.callers[i], clock_ns());
    }
    connect_run(&connect);
    load_end(&connect.load);
    for (unsigned i = 0; i < options->connections; i++)
        if (connect.callers[i].fd >= 0)
            close(connect.callers[i].fd);
    free(connect.callers);
    pattern_deinit(&connect.pattern);
    close(connect.epoll);
    load_report(&connect.load);
}
