/*
 * The same in a loop of libevent, with notifications: prints what a socket of the daemon's
 * receives, until its end.
 *
 *     cc -o libevent_stream libevent_stream.c $(pkg-config --cflags --libs libsockd libevent)
 *     ./libevent_stream web
 *
 * The daemon sends no more than the credit that it has been given; so it is this program that says
 * how fast the stream comes.
 */
#include <sockd/client.h>

#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { CREDIT = 64 * 1024 };

struct reader {
    struct event_base *base;
    struct event *event; /* for what the client waits for at present */
    struct sockd_client *client;
    uint64_t id;
    int failed;
};

static void stop(struct reader *reader, const struct sockd_error *error)
{
    if (error) {
        fprintf(stderr, "%s: %s\n", error->method, error->message);
        reader->failed = 1;
    }
    event_base_loopbreak(reader->base);
}

static void on_answer(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    (void)client;
    if (sockd_answer_status(answer) < 0)
        stop((struct reader *)context, sockd_answer_error(answer));
}

/* sockd.data [h, offset, data]; the data is nil at the end. */
static void on_notify(struct sockd_client *client, const char *method,
                      const struct sockd_value *params, void *context)
{
    struct reader *reader = (struct reader *)context;
    const char *data;
    size_t size;

    if (strcmp(method, "sockd.data") != 0)
        return;
    if (!sockd_value_data(sockd_value_at(params, 2), &data, &size)) {
        stop(reader, NULL);
        return;
    }
    fwrite(data, 1, size, stdout);
    /* Nobody need be told how that went: at its end the stream takes no more credit. */
    if (sockd_submit_credit(client, reader->id, (int64_t)size, NULL, NULL, NULL) < 0)
        stop(reader, sockd_last_error(client));
}

static void on_event(evutil_socket_t fd, short what, void *context);

/* What the client waits for changes with all that is done with it; so it is asked each time. */
static void wait_for_client(struct reader *reader)
{
    int timeout = sockd_timeout_ms(reader->client);
    struct timeval time = {.tv_sec = timeout / 1000, .tv_usec = timeout % 1000 * 1000};
    short wanted = sockd_events(reader->client);
    short events = (short)((wanted & POLLIN ? EV_READ : 0) | (wanted & POLLOUT ? EV_WRITE : 0));

    event_assign(reader->event, reader->base, sockd_fd(reader->client), events, on_event, reader);
    event_add(reader->event, timeout >= 0 ? &time : NULL);
}

static void on_event(evutil_socket_t fd, short what, void *context)
{
    struct reader *reader = (struct reader *)context;

    (void)fd;
    (void)what;
    if (sockd_process(reader->client) < 0)
        stop(reader, sockd_last_error(reader->client));
    else
        wait_for_client(reader);
}

static void run(struct reader *reader)
{
    sockd_on_notify(reader->client, on_notify, reader);
    if (sockd_submit_stream(reader->client, reader->id, CREDIT, on_answer, reader, NULL) < 0) {
        stop(reader, sockd_last_error(reader->client));
        return;
    }
    wait_for_client(reader);
    event_base_dispatch(reader->base);
    event_del(reader->event);
}

int main(int argc, char **argv)
{
    struct reader reader = {.failed = 0};

    if (argc != 2) {
        fprintf(stderr, "usage: libevent_stream NAME\n");
        return 2;
    }
    int error = sockd_open(NULL, &reader.client);
    if (error < 0) {
        fprintf(stderr, "no daemon: %s\n", strerror(-error));
        return 3;
    }
    reader.base = event_base_new();
    reader.event = event_new(reader.base, -1, 0, on_event, &reader);
    if (sockd_find(reader.client, argv[1], &reader.id) < 0)
        stop(&reader, sockd_last_error(reader.client));
    else
        run(&reader);
    event_free(reader.event);
    event_base_free(reader.base);
    sockd_disconnect(reader.client);
    return reader.failed;
}
