/*
 * libsockd hears the same however the daemon's bytes are cut. The first byte says where, and with
 * which requests the client begins; the rest is what the daemon sends: to one client at once, to
 * the next in pieces. Both call back the same, in the same order, with the same values.
 */
#include "fuzz.h"
#include "stand.h"

#include <sockd/client.h>

#include <string.h>
#include <unistd.h>

enum { REQUESTS = 6 };

struct heard {
    uint64_t sum;
    unsigned calls;
};

struct request {
    struct heard *heard;
    unsigned number;
};

static void hear(struct heard *heard, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        heard->sum = (heard->sum ^ bytes[i]) * 0x100000001b3;
    heard->sum = (heard->sum ^ size) * 0x100000001b3;
    heard->calls++;
}

static void hear_number(struct heard *heard, int64_t number)
{
    hear(heard, &number, sizeof number);
}

static void hear_value(struct heard *heard, const struct sockd_value *value)
{
    const char *data;
    size_t size, count = sockd_value_count(value);
    double number = 0;
    hear_number(heard, sockd_value_type(value));
    if (sockd_value_data(value, &data, &size))
        hear(heard, data, size);
    if (sockd_value_double(value, &number))
        hear(heard, &number, sizeof number);
    for (size_t i = 0; i < count; i++)
        hear_value(heard, sockd_value_at(value, i));
}

static void on_answer(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    struct request *request = context;
    struct heard *heard = request->heard;
    const struct sockd_error *error = sockd_answer_error(answer);
    const struct sockd_value *value;
    struct sockd_bytes bytes;
    (void)client;
    hear_number(heard, request->number);
    hear_number(heard, sockd_answer_status(answer));
    hear(heard, error->message, strlen(error->message));
    if (sockd_answer_bytes(answer, &bytes) == 0)
        hear(heard, bytes.data, bytes.size);
    if (sockd_answer_value(answer, &value) == 0 && value)
        hear_value(heard, value);
}

static void on_notify(struct sockd_client *client, const char *method,
                      const struct sockd_value *params, void *context)
{
    (void)client;
    hear(context, method, strlen(method));
    hear_value(context, params);
}

static void submit_all(struct sockd_client *client, struct request *requests, struct heard *heard)
{
    uint32_t id;
    for (unsigned i = 0; i < REQUESTS; i++) {
        requests[i] = (struct request){heard, i};
        if (i % 3 == 0)
            MUST(sockd_submit_read(client, 1, 100, 1.0, on_answer, &requests[i], &id) == 0);
        else if (i % 3 == 1)
            MUST(sockd_submit_write(client, 1, "x", 1, 1.0, on_answer, &requests[i], &id) == 0);
        else
            MUST(sockd_submit(client, "sockd.list", NULL, on_answer, &requests[i], &id) == 0);
    }
}

static void run(struct food food, size_t piece, struct heard *heard)
{
    struct sockd_client *client;
    struct request requests[REQUESTS];
    int daemon = stand_open(&client), result = 0;
    *heard = (struct heard){0};
    sockd_on_notify(client, on_notify, heard);
    submit_all(client, requests, heard);
    while (food.left > 0 && result == 0) {
        size_t now = piece < food.left ? piece : food.left;
        stand_send(daemon, food.at, now, 0);
        food.at += now;
        food.left -= now;
        result = sockd_process(client);
    }
    hear_number(heard, result);
    stand_end(daemon);
    (void)sockd_process(client);
    sockd_disconnect(client);
    close(daemon);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {data, size};
    struct heard whole, pieces;
    size_t piece = 1 + food_byte(&food) % 64;
    if (food.left > 4096) /* no more than the kernel takes at once */
        return 0;
    run(food, food.left, &whole);
    run(food, piece, &pieces);
    MUST(whole.calls == pieces.calls && whole.sum == pieces.sum);
    return 0;
}
