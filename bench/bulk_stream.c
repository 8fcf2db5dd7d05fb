/*
 * The near end by libsockd's asynchronous half: what comes is a stream with credit, what goes is
 * writes, several in flight.
 */
#include "bulk.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sockd/client.h>
#include <stdlib.h>
#include <string.h>

enum {
    CREDIT = 8 << 20, /* on its way at a time */
    WRITES = 16,
};

struct near {
    struct bulk_end end;
    struct sockd_client *client;
    uint64_t id;
    uint64_t credited;
    uint64_t written; /* as the daemon has answered */
    unsigned in_flight;
};

_Noreturn static void fail_by(const struct sockd_error *error)
{
    fail(0, "%s: %s", error->method, error->message);
}

static void on_answer(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    (void)client;
    (void)context;
    if (sockd_answer_status(answer) < 0)
        fail_by(sockd_answer_error(answer));
}

/* ---- down ---- */

static void on_notify(struct sockd_client *client, const char *method,
                      const struct sockd_value *params, void *context)
{
    struct near *near = context;
    const char *data;
    size_t size;
    (void)client;
    if (strcmp(method, "sockd.data") != 0)
        return;
    if (sockd_value_data(sockd_value_at(params, 2), &data, &size))
        bulk_check(&near->end, data, size);
    else if (near->end.received < near->end.incoming)
        fail(0, "the stream ended early");
}

static void begin_stream(struct near *near)
{
    near->credited = CREDIT;
    sockd_on_notify(near->client, on_notify, near);
    if (sockd_submit_stream(near->client, near->id, CREDIT, on_answer, NULL, NULL) < 0)
        fail_by(sockd_last_error(near->client));
}

/* In large pieces, and well before the last is used up. How that went interests nobody: a stream
 * that has ended takes no more credit. */
static void give_credit(struct near *near)
{
    uint64_t due = near->end.received + CREDIT - near->credited;
    if (due < CREDIT / 4 || near->end.received == near->end.incoming)
        return;
    if (sockd_submit_credit(near->client, near->id, (int64_t)due, NULL, NULL, NULL) < 0)
        fail_by(sockd_last_error(near->client));
    near->credited += due;
}

/* ---- up ---- */

static void on_written(struct sockd_client *client, const struct sockd_answer *answer,
                       void *context)
{
    struct near *near = context;
    size_t count;
    (void)client;
    if (sockd_answer_count(answer, &count) < 0)
        fail_by(sockd_answer_error(answer));
    near->written += count;
    near->in_flight--;
}

static void submit_writes(struct near *near)
{
    const uint8_t *bytes;
    size_t size;
    while (near->in_flight < WRITES && (size = bulk_next(&near->end, &bytes)) > 0) {
        if (sockd_submit_write(near->client, near->id, bytes, size, SOCKD_FOREVER, on_written, near,
                               NULL) < 0)
            fail_by(sockd_last_error(near->client));
        near->end.sent += size;
        near->in_flight++;
    }
}

/* ---- the loop ---- */

static void run(struct near *near)
{
    begin_stream(near);
    while (!bulk_is_done(&near->end) || near->in_flight > 0) {
        submit_writes(near);
        struct pollfd fd = {.fd = sockd_fd(near->client), .events = sockd_events(near->client)};
        int timeout = sockd_timeout_ms(near->client);
        int count = poll(&fd, 1, timeout < 0 ? BULK_STALL_MILLISECONDS : timeout);
        if (count == 0 && timeout < 0)
            fail(0, "nothing has moved for %d ms", BULK_STALL_MILLISECONDS);
        if (sockd_process(near->client) < 0)
            fail_by(sockd_last_error(near->client));
        give_credit(near);
    }
    if (near->written != near->end.outgoing)
        fail(0, "the daemon answered for other bytes than were sent");
}

void bulk_stream(const struct bulk_options *options)
{
    struct bulk_cost cost;
    struct near near = {.in_flight = 0};
    bulk_end_init(&near.end, options->down + 1, options->up);
    bulk_begin(&cost, options);
    int error = sockd_open(options->control, &near.client);
    if (error < 0)
        fail(-error, "%s", options->control);
    if (sockd_tcp_connect(near.client, options->address, SOCKD_DEFAULT, 10, &near.id) < 0 ||
        sockd_setsockopt_int(near.client, near.id, IPPROTO_TCP, TCP_NODELAY, 1) < 0)
        fail_by(sockd_last_error(near.client));
    run(&near);
    bulk_report(&cost, options, NULL);
    sockd_disconnect(near.client);
    bulk_end_deinit(&near.end);
}
