/*
 * A program of a user's: what libsockd promises, at a real daemon. Built against the installed
 * library by test_libsockd.py, which restarts the daemon when it is asked to, by a line.
 */
#include <sockd/client.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MUST(condition)                                                             \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "line %d: does not hold: %s\n", __LINE__, #condition);  \
            fprintf(stderr, "last error: %s\n", sockd_last_error(client)->message); \
            exit(1);                                                                \
        }                                                                           \
    } while (0)

enum { MANY = 200, LARGE = 3 * 1024 * 1024 };

static struct sockd_client *client;
static uint64_t id; /* the daemon's end of a pair of sockets */
static int other;   /* ours */

/* What came of a request. */
struct outcome {
    int calls;
    int status;
    char data[64];
    size_t size;
};

static void record(struct sockd_client *from, const struct sockd_answer *answer, void *context)
{
    struct outcome *outcome = (struct outcome *)context;
    struct sockd_bytes bytes;

    MUST(from == client);
    outcome->calls++;
    outcome->status = sockd_answer_status(answer);
    if (sockd_answer_bytes(answer, &bytes) == 0 && bytes.size <= sizeof outcome->data) {
        memcpy(outcome->data, bytes.data, bytes.size);
        outcome->size = bytes.size;
    }
}

static void send_text(const char *text)
{
    MUST(write(other, text, strlen(text)) == (ssize_t)strlen(text));
}

static void turn(void)
{
    struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};

    MUST(poll(&fd, 1, sockd_timeout_ms(client)) >= 0);
    MUST(sockd_process(client) == 0);
}

static void expect_line(const char *line)
{
    struct sockd_bytes bytes;

    MUST(sockd_read_until(client, id, "\n", 1, SOCKD_NO_LIMIT, 10, &bytes) == 0);
    MUST(bytes.size == strlen(line) && memcmp(bytes.data, line, bytes.size) == 0);
}

static void give(void)
{
    struct sockd_settings settings = {.name = "given"};
    uint64_t found;
    int fds[2];

    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    MUST(sockd_give(client, fds[0], &settings, &id) == 0);
    close(fds[0]);
    other = fds[1];
    MUST(sockd_find(client, "given", &found) == 0 && found == id);
    MUST(sockd_find(client, "nobody", &found) == -EBADF);
    MUST(sockd_give(client, 0, NULL, &found) < 0); /* standard input is no socket */
}

static void cancelled_reads_take_nothing(void)
{
    struct outcome outcome = {.calls = 0};
    uint32_t request;

    MUST(sockd_submit_read_until(client, id, "\n", 1, SOCKD_NO_LIMIT, SOCKD_FOREVER, record,
                                 &outcome, &request) == 0);
    send_text("hal");
    MUST(sockd_ping(client, NULL) == 0 && outcome.calls == 0);
    MUST(sockd_cancel_request(client, request) == 0);
    while (sockd_pending(client) > 0)
        turn();
    MUST(outcome.calls == 1 && outcome.status == -ECANCELED);
    send_text("f\n");
    expect_line("half\n");
}

static void late_reads_take_nothing(void)
{
    struct outcome outcome = {.calls = 0};
    uint32_t request;

    send_text("lat");
    MUST(sockd_submit_read_until(client, id, "\n", 1, SOCKD_NO_LIMIT, SOCKD_FOREVER, record,
                                 &outcome, &request) == 0);
    MUST(sockd_set_request_deadline(client, request, 0.05) == 0);
    while (sockd_pending(client) > 0)
        turn();
    MUST(outcome.calls == 1 && outcome.status == -ETIMEDOUT);
    sockd_set_deadline(client, 0.05);
    MUST(sockd_read(client, id, 100, SOCKD_FOREVER, NULL) == -ETIMEDOUT);
    sockd_set_deadline(client, SOCKD_FOREVER);
    send_text("e\n");
    expect_line("late\n");
}

static void many_at_once(void)
{
    static struct outcome outcomes[MANY];

    for (int i = 0; i < MANY; i++)
        MUST(sockd_submit_read(client, id, 1, 10, record, &outcomes[i], NULL) == 0);
    MUST(sockd_ping(client, NULL) == 0);
    for (int i = 0; i < MANY; i++)
        send_text((char[]){(char)('A' + i % 26), 0});
    while (sockd_pending(client) > 0)
        turn();
    for (int i = 0; i < MANY; i++) {
        MUST(outcomes[i].calls == 1 && outcomes[i].status == 0);
        MUST(outcomes[i].size == 1 && outcomes[i].data[0] == 'A' + i % 26);
    }
}

/* Reads while the daemon writes, for it cannot write all at once. */
static void a_large_write(void)
{
    struct outcome outcome = {.calls = 0};
    char *data = (char *)malloc(LARGE), *got = (char *)malloc(LARGE);
    size_t size = 0;

    MUST(data && got);
    for (size_t i = 0; i < LARGE; i++)
        data[i] = (char)(i * 31 + i / 4096);
    MUST(sockd_submit_write(client, id, data, LARGE, 20, record, &outcome, NULL) == 0);
    while (size < LARGE) {
        struct pollfd fds[] = {{.fd = sockd_fd(client), .events = sockd_events(client)},
                               {.fd = other, .events = POLLIN}};
        MUST(poll(fds, 2, sockd_timeout_ms(client)) >= 0);
        MUST(sockd_process(client) == 0);
        if (fds[1].revents) {
            ssize_t count = read(other, got + size, LARGE - size);
            MUST(count > 0);
            size += (size_t)count;
        }
    }
    while (sockd_pending(client) > 0)
        turn();
    MUST(outcome.calls == 1 && outcome.status == 0 && memcmp(data, got, LARGE) == 0);
    free(data);
    free(got);
}

/* What was read ahead and what comes later is the whole. */
static void take(void)
{
    struct sockd_taken taken;
    char text[32];

    send_text("one\ntwo\n");
    expect_line("one\n");
    MUST(sockd_take(client, id, &taken) == 0 && taken.error == 0);
    send_text("three");
    memcpy(text, taken.data.data, taken.data.size);
    ssize_t count = read(taken.fd, text + taken.data.size, sizeof text - taken.data.size);
    MUST(count > 0 && taken.data.size + (size_t)count == 9);
    MUST(memcmp(text, "two\nthree", 9) == 0);
    MUST(sockd_info(client, id, NULL) == -EBADF);
    close(taken.fd);
    close(other);
}

static void restart(void)
{
    struct outcome outcome = {.calls = 0};
    const char *text;
    char line[16];

    MUST(sockd_submit_getaddrinfo(client, "localhost", "80", 1, SOCKD_DEFAULT, SOCKD_DEFAULT,
                                  SOCKD_DEFAULT, SOCKD_DEFAULT, record, &outcome, NULL) == 0);
    puts("restart");
    fflush(stdout);
    MUST(fgets(line, sizeof line, stdin));
    while (sockd_process(client) == 0) {
        struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};
        poll(&fd, 1, sockd_timeout_ms(client));
    }
    MUST(outcome.calls == 1 && outcome.status == -ECONNRESET);
    MUST(sockd_ping(client, &text) == -ECONNRESET);
    MUST(sockd_last_error(client)->origin == SOCKD_ORIGIN_CONNECTION);
    MUST(sockd_reconnect(client) == 0);
    MUST(sockd_ping(client, &text) == 0 && strcmp(text, "pong") == 0);
}

int main(void)
{
    if (sockd_open_nonblocking(NULL, &client) < 0)
        return 3;
    give();
    cancelled_reads_take_nothing();
    late_reads_take_nothing();
    many_at_once();
    a_large_write();
    take();
    restart();
    sockd_disconnect(client);
    puts("done");
    return 0;
}
