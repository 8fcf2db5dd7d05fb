/* An end of a transfer, and its cost; see bulk.h. */
#include "bulk.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of one receive; and of a message of the pattern: no multiple of what anybody cuts streams
 * into, so that a lost block shows. */
enum { BUFFER = 256 << 10, MESSAGE = 65521 };

void bulk_end_init(struct bulk_end *end, uint64_t incoming, uint64_t outgoing)
{
    *end = (struct bulk_end){.in = -1, .out = -1, .incoming = incoming, .outgoing = outgoing};
    pattern_init(&end->pattern, MESSAGE, false);
}

void bulk_end_deinit(struct bulk_end *end)
{
    pattern_deinit(&end->pattern);
}

bool bulk_is_done(const struct bulk_end *end)
{
    return end->received == end->incoming && end->sent == end->outgoing;
}

void bulk_check(struct bulk_end *end, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    if (size > end->incoming - end->received)
        fail(0, "more came than was to come");
    while (size > 0) {
        size_t part = size < end->pattern.period ? size : end->pattern.period;
        if (memcmp(bytes, pattern_at(&end->pattern, end->received), part) != 0)
            fail(0, "what came differs from what was sent, near byte %" PRIu64, end->received);
        end->received += part;
        bytes += part;
        size -= part;
    }
}

size_t bulk_next(const struct bulk_end *end, const uint8_t **bytes)
{
    uint64_t left = end->outgoing - end->sent;
    if (end->holds_last && end->received < end->incoming)
        left--;
    *bytes = pattern_at(&end->pattern, end->sent);
    return left < end->pattern.period ? (size_t)left : end->pattern.period;
}

/* ---- through descriptors ---- */

/* Whether there may be more: a receive that is short has got all there is. */
static bool receive_some(struct bulk_end *end)
{
    static uint8_t buffer[BUFFER];
    if (end->received == end->incoming)
        return false;
    ssize_t got = read(end->in, buffer, sizeof(buffer));
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0)
        fail(got < 0 ? errno : 0, "the stream ended after %" PRIu64 " bytes", end->received);
    bulk_check(end, buffer, (size_t)got);
    return got == sizeof(buffer);
}

/* Whether there may be room for more. */
static bool send_some(struct bulk_end *end)
{
    const uint8_t *bytes;
    size_t size = bulk_next(end, &bytes);
    if (size == 0)
        return false;
    ssize_t count = write(end->out, bytes, size);
    if (count < 0 && errno != EAGAIN)
        fail(errno, "after %" PRIu64 " bytes were sent", end->sent);
    if (count > 0)
        end->sent += (uint64_t)count;
    return count == (ssize_t)size;
}

static void wait_for_room_or_bytes(const struct bulk_end *end)
{
    const uint8_t *bytes;
    bool sends = bulk_next(end, &bytes) > 0, receives = end->received < end->incoming;
    struct pollfd fds[] = {{.fd = receives ? end->in : -1, .events = POLLIN},
                           {.fd = sends ? end->out : -1, .events = POLLOUT}};
    if (poll(fds, 2, BULK_STALL_MILLISECONDS) == 0)
        fail(0, "nothing has moved for %d ms", BULK_STALL_MILLISECONDS);
}

void bulk_move(struct bulk_end *end)
{
    while (!bulk_is_done(end)) {
        bool received = receive_some(end), sent = send_some(end);
        if (!received && !sent && !bulk_is_done(end))
            wait_for_room_or_bytes(end);
    }
}

/* ---- the cost ---- */

void bulk_begin(struct bulk_cost *cost, const struct bulk_options *options)
{
    cost->begun = clock_ns();
    cost->daemon = process_cpu(options->pid);
    cost->client = process_cpu(getpid());
}

void bulk_report(const struct bulk_cost *cost, const struct bulk_options *options,
                 const uint64_t *client)
{
    double mebibytes = (double)(options->down + options->up) / (1 << 20);
    uint64_t daemon = process_cpu(options->pid) - cost->daemon;
    uint64_t own = client != NULL ? *client : process_cpu(getpid()) - cost->client;
    double seconds = (double)(clock_ns() - cost->begun) / (double)NANOSECONDS;
    printf("rate=%.1f daemon_us=%.2f client_us=%.2f cpu_us=%.2f\n", mebibytes / seconds,
           (double)daemon / 1e3 / mebibytes, (double)own / 1e3 / mebibytes,
           (double)(daemon + own) / 1e3 / mebibytes);
}
