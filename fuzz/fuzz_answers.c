/*
 * Bytes of a daemon that cannot be trusted, for the asynchronous half of libsockd. The first byte
 * says which requests are made, and how many bytes of the rest arrive between two turns of the
 * client.
 *
 * Whatever comes, each request calls back exactly once, at the latest when the client is
 * disconnected, and no descriptor is left.
 */
#include "fuzz.h"
#include "stand.h"

#include <sockd/client.h>

#include <string.h>
#include <unistd.h>

enum { REQUESTS = 8 };

struct work {
    int calls[REQUESTS]; /* how often each has been called back */
    unsigned notified;
};

struct one {
    struct work *work;
    unsigned number;
};

/* ---- callbacks ---- */

static void read_any(const struct sockd_answer *answer)
{
    const struct sockd_value *value;
    struct sockd_address address;
    struct sockd_bytes bytes;
    const char *text;
    uint64_t id, second;
    bool flag;
    int number;
    if (sockd_answer_bytes(answer, &bytes) == 0)
        read_bytes(bytes.data, bytes.size);
    if (sockd_answer_bytes_status(answer, &bytes, &flag) == 0)
        read_bytes(bytes.data, bytes.size);
    if (sockd_answer_bytes_from(answer, &bytes, &address) == 0)
        read_address(&address);
    if (sockd_answer_id_address(answer, &id, &address) == 0)
        read_address(&address);
    if (sockd_answer_address(answer, &address) == 0)
        read_address(&address);
    if (sockd_answer_text(answer, &text) == 0 && text)
        read_bytes(text, strlen(text));
    if (sockd_answer_value(answer, &value) == 0)
        read_value(value, 0);
    (void)sockd_answer_id_pair(answer, &id, &second);
    (void)sockd_answer_linger(answer, &flag, &number);
    (void)sockd_answer_events(answer, &number);
}

static void on_answer(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    struct one *one = context;
    struct sockd_taken taken;
    (void)client;
    one->work->calls[one->number]++;
    int status = sockd_answer_status(answer);
    const struct sockd_error *error = sockd_answer_error(answer);
    MUST(status <= 0 && error->number == -status);
    read_bytes(error->message, strlen(error->message));
    if (status == 0)
        read_any(answer);
    if (sockd_answer_take(answer, &taken) == 0) {
        read_taken(&taken);
        close(taken.fd);
    }
}

static void on_notify(struct sockd_client *client, const char *method,
                      const struct sockd_value *params, void *context)
{
    struct work *work = context;
    (void)client;
    work->notified++;
    read_bytes(method, strlen(method));
    read_value(params, 0);
}

/* ---- requests ---- */

static int submit(struct sockd_client *client, unsigned kind, struct one *one, uint32_t *request)
{
    switch (kind) {
    case 0:
        return sockd_submit_read(client, 1, 100, 1.0, on_answer, one, request);
    case 1:
        return sockd_submit_accept(client, 1, 1.0, on_answer, one, request);
    case 2:
        return sockd_submit_write(client, 1, "bytes", 5, 1.0, on_answer, one, request);
    case 3:
        return sockd_submit_take(client, 1, on_answer, one, request);
    case 4:
        return sockd_submit_stream(client, 1, 100, on_answer, one, request);
    default:
        return sockd_submit(client, "sockd.list", NULL, on_answer, one, request);
    }
}

static void submit_all(struct sockd_client *client, unsigned choice, struct work *work,
                       struct one *ones)
{
    for (unsigned i = 0; i < REQUESTS; i++) {
        uint32_t request = 0;
        ones[i] = (struct one){work, i};
        MUST(submit(client, (choice + i) % 6, &ones[i], &request) == 0);
        if (i == choice % REQUESTS)
            (void)sockd_cancel_request(client, request);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {data, size};
    unsigned choice = food_byte(&food);
    size_t piece = 1 + (size_t)(choice & 7) * (choice & 7) * 32;
    struct work work = {.notified = 0};
    struct one ones[REQUESTS];
    struct sockd_client *client;
    int daemon = stand_open(&client), result = 0;
    sockd_on_notify(client, on_notify, &work);
    submit_all(client, choice >> 3, &work, ones);
    for (unsigned turn = 0; food.left > 0 && turn < 200 && result == 0; turn++) {
        size_t now = piece < food.left ? piece : food.left;
        stand_send(daemon, food.at, now, turn == 0 ? choice & 3 : 0);
        food.at += now;
        food.left -= now;
        result = sockd_process(client);
    }
    MUST(result <= 0);
    stand_end(daemon);
    (void)sockd_process(client);
    MUST(sockd_timeout_ms(client) >= -1);
    sockd_disconnect(client);
    for (unsigned i = 0; i < REQUESTS; i++)
        MUST(work.calls[i] == 1);
    close(daemon);
    return 0;
}
