/*
 * Many things at once, in a loop of poll(2): asks several servers for a line, and prints the lines
 * as they come.
 *
 *     cc -o poll_loop poll_loop.c $(pkg-config --cflags --libs libsockd)
 *     ./poll_loop 3301 3302 3303
 *
 * Each step of a dialogue is requested by the callback of the one before.
 */
#include <sockd/client.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One dialogue. */
struct dialogue {
    int port;
    uint64_t id;
    int failed;
};

static void report(struct dialogue *dialogue, const struct sockd_error *error)
{
    fprintf(stderr, "port %d: %s: %s\n", dialogue->port, error->method, error->message);
    dialogue->failed = 1;
}

static void on_closed(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    (void)client;
    if (sockd_answer_status(answer) < 0)
        report((struct dialogue *)context, sockd_answer_error(answer));
}

static void on_line(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    struct dialogue *dialogue = (struct dialogue *)context;
    struct sockd_bytes line;

    if (sockd_answer_bytes(answer, &line) < 0)
        report(dialogue, sockd_answer_error(answer));
    else
        printf("%d: %.*s", dialogue->port, (int)line.size, line.data);
    if (sockd_submit_close(client, dialogue->id, on_closed, dialogue, NULL) < 0)
        report(dialogue, sockd_last_error(client));
}

static void on_connected(struct sockd_client *client, const struct sockd_answer *answer,
                         void *context)
{
    struct dialogue *dialogue = (struct dialogue *)context;

    if (sockd_answer_id(answer, &dialogue->id) < 0)
        report(dialogue, sockd_answer_error(answer));
    else if (sockd_submit_read_until(client, dialogue->id, "\n", 1, SOCKD_NO_LIMIT, 5.0, on_line,
                                     dialogue, NULL) < 0)
        report(dialogue, sockd_last_error(client));
}

/* Until every request has called back. */
static int loop(struct sockd_client *client)
{
    int result = 0;

    while (sockd_pending(client) > 0 && result == 0) {
        struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};
        if (poll(&fd, 1, sockd_timeout_ms(client)) < 0)
            break;
        result = sockd_process(client);
    }
    return result;
}

static int run(struct sockd_client *client, int count, char **ports)
{
    struct dialogue *dialogues = (struct dialogue *)calloc((size_t)count, sizeof *dialogues);
    int failed = dialogues == NULL;

    for (int i = 0; i < count && dialogues; i++) {
        dialogues[i].port = atoi(ports[i]);
        if (sockd_submit_tcp_connect(client, "127.0.0.1", dialogues[i].port, 5.0, on_connected,
                                     &dialogues[i], NULL) < 0)
            report(&dialogues[i], sockd_last_error(client));
    }
    loop(client);
    for (int i = 0; i < count && dialogues; i++)
        failed |= dialogues[i].failed;
    free(dialogues);
    return failed;
}

int main(int argc, char **argv)
{
    struct sockd_client *client;
    int error = sockd_open_nonblocking(NULL, &client);

    if (error < 0) {
        fprintf(stderr, "no daemon: %s\n", strerror(-error));
        return 3;
    }
    int failed = run(client, argc - 1, argv + 1);
    sockd_disconnect(client);
    return failed;
}
