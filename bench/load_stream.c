/*
 * Clients that send messages and compare what comes back with what they sent, byte by byte: echo,
 * lines, bulk. Since the answer is the same stream of bytes, it does not matter how it is cut.
 */
#include "load.h"
#include "pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BUFFER = 256 << 10 };

struct flow {
    int fd;
    uint64_t origin;         /* of this connection in the pattern */
    uint64_t sent, received; /* bytes */
    uint64_t begun, done;    /* messages */
    uint64_t *times;         /* when each message in flight was begun; a ring */
    struct histogram *own;   /* latency of this connection, if that is asked for */
};

struct stream {
    const struct load_options *options;
    struct load load;
    struct pattern pattern;
    struct flow *flows;
    int epoll;
    uint8_t *buffer;
};

/* Begins as many messages as may be in flight. */
static void flow_begin(const struct stream *stream, struct flow *flow, uint64_t now)
{
    const struct load_options *options = stream->options;
    if (!options->refill && flow->done != flow->begun)
        return;
    while (flow->begun - flow->done < options->depth)
        flow->times[flow->begun++ % options->depth] = now;
}

/* Sends what is begun and not sent, as far as the kernel takes it. */
static void flow_send(const struct stream *stream, struct flow *flow)
{
    for (;;) {
        uint64_t left = flow->begun * stream->options->size - flow->sent;
        if (left == 0)
            return;
        if (left > stream->pattern.period)
            left = stream->pattern.period;
        const uint8_t *bytes = pattern_at(&stream->pattern, flow->origin + flow->sent);
        ssize_t sent = send(flow->fd, bytes, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent < 0)
            fail(errno, "send");
        flow->sent += (uint64_t)sent;
    }
}

static void flow_complete(struct stream *stream, struct flow *flow, uint64_t now)
{
    const struct load_options *options = stream->options;
    while ((flow->done + 1) * options->size <= flow->received) {
        uint64_t began = flow->times[flow->done++ % options->depth];
        load_request(&stream->load, began, now);
        if (flow->own != NULL && stream->load.warm)
            histogram_add(flow->own, now - began);
    }
}

/* Receives and compares all that is there. */
static void flow_receive(struct stream *stream, struct flow *flow)
{
    size_t most = BUFFER < stream->pattern.period ? BUFFER : stream->pattern.period;
    ssize_t got;
    do {
        got = recv(flow->fd, stream->buffer, most, 0);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0)
            fail(got < 0 ? errno : 0, "the server ended a connection");
        const uint8_t *expected = pattern_at(&stream->pattern, flow->origin + flow->received);
        if (memcmp(stream->buffer, expected, (size_t)got) != 0)
            fail(0, "an answer differs from what was sent, near byte %llu",
                 (unsigned long long)flow->received);
        flow->received += (uint64_t)got;
        if (flow->received > flow->sent)
            fail(0, "more came back than was sent");
    } while ((size_t)got == most);
}

/* False when it is time to stop. */
static bool flow_serve(struct stream *stream, struct flow *flow)
{
    flow_receive(stream, flow);
    uint64_t now = clock_ns();
    flow_complete(stream, flow, now);
    if (load_over(&stream->load, now))
        return false;
    flow_begin(stream, flow, now);
    flow_send(stream, flow);
    return true;
}

static void stream_open(struct stream *stream)
{
    const struct load_options *options = stream->options;
    stream->flows = allocate(options->connections, sizeof(*stream->flows));
    for (unsigned i = 0; i < options->connections; i++) {
        struct flow *flow = &stream->flows[i];
        flow->fd = endpoint_connect(&options->endpoint);
        flow->origin = pattern_origin(&stream->pattern, i);
        flow->times = allocate(options->depth, sizeof(*flow->times));
        if (options->each)
            flow->own = allocate(1, sizeof(*flow->own));
    }
    /* All connections stand before the first message goes out. */
    for (unsigned i = 0; i < options->connections; i++)
        load_watch(stream->epoll, stream->flows[i].fd, &stream->flows[i]);
}

static void stream_run(struct stream *stream)
{
    struct epoll_event events[LOAD_EVENTS];
    for (;;) {
        int count = load_wait(stream->epoll, events);
        for (int i = 0; i < count; i++)
            if (!flow_serve(stream, events[i].data.ptr))
                return;
    }
}

/* The connection's p99.9, or, if it was starved all the time, how long it has waited. */
static uint64_t flow_tail(const struct stream *stream, const struct flow *flow)
{
    if (flow->own == NULL)
        return 0;
    if (flow->own->total == 0)
        return stream->load.ended - flow->times[flow->done % stream->options->depth];
    return histogram_percentile(flow->own, 0.999);
}

static void stream_close(struct stream *stream)
{
    for (unsigned i = 0; i < stream->options->connections; i++) {
        struct flow *flow = &stream->flows[i];
        uint64_t tail = flow_tail(stream, flow);
        if (tail > stream->load.worst)
            stream->load.worst = tail;
        close(flow->fd);
        free(flow->times);
        free(flow->own);
    }
    free(stream->flows);
    free(stream->buffer);
    close(stream->epoll);
    pattern_deinit(&stream->pattern);
}

void load_stream(const struct load_options *options)
{
    struct stream stream = {.options = options, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    pattern_init(&stream.pattern, options->size, options->lines);
    stream.buffer = allocate(1, BUFFER);
    stream_open(&stream);
    load_begin(&stream.load, options);
    stream_run(&stream);
    load_end(&stream.load);
    stream_close(&stream);
    load_report(&stream.load);
}
