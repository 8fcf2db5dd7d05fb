/*
 * What an idle connection costs the server in memory of its own, in bytes: after it was made, and
 * after it has carried one message. What the kernel holds for it is not counted.
 */
#include "load.h"
#include "pattern.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SETTLE_SAMPLES = 5, SETTLE_MICROSECONDS = 100000 };

/* The server may give memory back a little later, or still be accepting: waits until the figure
 * stands still. */
static struct memory settled_memory(pid_t pid)
{
    struct memory last = process_memory(pid);
    for (int same = 0, samples = 0; same < SETTLE_SAMPLES && samples < 50; samples++) {
        usleep(SETTLE_MICROSECONDS);
        struct memory now = process_memory(pid);
        same = now.private_dirty == last.private_dirty ? same + 1 : 0;
        last = now;
    }
    return last;
}

static double per_connection(const struct load_options *options, uint64_t before, uint64_t after)
{
    return ((double)after - (double)before) * 1024 / options->connections;
}

/* One message there and back. */
static void exchange(const struct load_options *options, int fd, const uint8_t *message)
{
    static uint8_t answer[65536];
    size_t received = 0;
    if (send(fd, message, options->size, MSG_NOSIGNAL) != (ssize_t)options->size)
        fail(errno, "send");
    while (received < options->size) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, LOAD_STALL_MILLISECONDS) != 1)
            fail(0, "a connection was not answered");
        ssize_t got = recv(fd, answer + received, options->size - received, 0);
        if (got <= 0)
            fail(got < 0 ? errno : 0, "the server ended a connection");
        received += (size_t)got;
    }
    if (memcmp(answer, message, options->size) != 0)
        fail(0, "an answer differs from what was sent");
}

void load_idle(const struct load_options *options)
{
    struct pattern pattern;
    if (options->pid == 0 || options->size > 65536)
        fail(0, "idle needs --pid and messages of at most 64 KiB");
    pattern_init(&pattern, options->size, true);
    int *fds = allocate(options->connections, sizeof(*fds));
    int first = endpoint_connect(&options->endpoint);
    exchange(options, first, pattern.bytes); /* what the server allocates once is not counted */
    struct memory before = settled_memory(options->pid);
    for (unsigned i = 0; i < options->connections; i++)
        fds[i] = endpoint_connect(&options->endpoint);
    struct memory open = settled_memory(options->pid);
    for (unsigned i = 0; i < options->connections; i++)
        exchange(options, fds[i], pattern_at(&pattern, pattern_origin(&pattern, i)));
    struct memory used = settled_memory(options->pid);
    printf("connections=%u open_bytes=%.0f idle_bytes=%.0f idle_rss=%.0f\n", options->connections,
           per_connection(options, before.private_dirty, open.private_dirty),
           per_connection(options, before.private_dirty, used.private_dirty),
           per_connection(options, before.resident, used.resident));
    for (unsigned i = 0; i < options->connections; i++)
        close(fds[i]);
    close(first);
    free(fds);
    pattern_deinit(&pattern);
}
