/*
 * libsockd and a daemon that cannot be trusted: the input is what the daemon sends, after a first
 * byte that says with which call the client begins. Every call ends, with a result or an error that
 * says something; nothing is read that did not come.
 */
#include "fuzz.h"
#include "stand.h"

#include <sockd/client.h>

#include <string.h>
#include <unistd.h>

static void on_notify(struct sockd_client *client, const char *method,
                      const struct sockd_value *params, void *context)
{
    (void)client, (void)context;
    read_bytes(method, strlen(method));
    read_value(params, 0);
}

/* ---- the calls ---- */

static int call_ping(struct sockd_client *client)
{
    const char *text = NULL;
    int result = sockd_ping(client, &text);
    if (result == 0 && text)
        read_bytes(text, strlen(text));
    return result;
}

static int call_read(struct sockd_client *client)
{
    struct sockd_bytes bytes;
    int result = sockd_read(client, 1, 100, 1.0, &bytes);
    if (result == 0)
        read_bytes(bytes.data, bytes.size);
    return result;
}

static int call_recv(struct sockd_client *client)
{
    struct sockd_bytes bytes;
    bool eof;
    int result = sockd_recv(client, 1, SOCKD_NO_LIMIT, SOCKD_DEFAULT, 1.0, &bytes, &eof);
    if (result == 0)
        read_bytes(bytes.data, bytes.size);
    return result;
}

static int call_recvfrom(struct sockd_client *client)
{
    struct sockd_bytes bytes;
    struct sockd_address from;
    int result = sockd_recvfrom(client, 1, SOCKD_NO_LIMIT, SOCKD_DEFAULT, 1.0, &bytes, &from);
    if (result == 0) {
        read_bytes(bytes.data, bytes.size);
        read_address(&from);
    }
    return result;
}

static int call_accept(struct sockd_client *client)
{
    uint64_t id;
    struct sockd_address from;
    int result = sockd_accept(client, 1, 1.0, &id, &from);
    if (result == 0)
        read_address(&from);
    return result;
}

static int call_list(struct sockd_client *client)
{
    const struct sockd_value *value;
    int result = sockd_list(client, NULL, &value);
    if (result == 0)
        read_value(value, 0);
    return result;
}

static int call_write(struct sockd_client *client)
{
    size_t sent;
    return sockd_write(client, 1, "bytes", 5, 1.0, &sent);
}

static int call_linger(struct sockd_client *client)
{
    bool lingers;
    int seconds;
    return sockd_linger(client, 1, SOCKD_DEFAULT, SOCKD_DEFAULT, &lingers, &seconds);
}

static int call_wait(struct sockd_client *client)
{
    int events;
    return sockd_wait(client, 1, 1.0, &events);
}

static int call_pair(struct sockd_client *client)
{
    uint64_t first, second;
    return sockd_socketpair(client, 1, 1, 0, &first, &second);
}

static int call_take(struct sockd_client *client)
{
    struct sockd_taken taken;
    int result = sockd_take(client, 1, &taken);
    if (result == 0) {
        read_taken(&taken);
        close(taken.fd);
    }
    return result;
}

static int call_any(struct sockd_client *client)
{
    const struct sockd_value *value;
    int result = sockd_request(client, "sockd.eval", NULL, &value);
    if (result == 0)
        read_value(value, 0);
    return result;
}

static int (*const calls[])(struct sockd_client *client) = {
    call_ping,  call_read,   call_recv, call_recvfrom, call_accept, call_list,
    call_write, call_linger, call_wait, call_pair,     call_take,   call_any,
};

enum { CALLS = sizeof calls / sizeof calls[0] };

static void check_error(const struct sockd_client *client, int result)
{
    const struct sockd_error *error = sockd_last_error(client);
    MUST(result <= 0);
    MUST((result < 0) == (error->origin != SOCKD_ORIGIN_NONE));
    if (result == 0)
        return;
    MUST(error->number == -result);
    read_bytes(error->name, strlen(error->name));
    read_bytes(error->message, strlen(error->message));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct food food = {data, size};
    unsigned first = food_byte(&food);
    struct sockd_client *client;
    int daemon = stand_open(&client);
    sockd_on_notify(client, on_notify, NULL);
    stand_send(daemon, food.at, food.left, first % 3);
    stand_end(daemon); /* no call waits for more */
    for (unsigned i = 0; i < CALLS; i++)
        check_error(client, calls[(first + i) % CALLS](client));
    sockd_disconnect(client);
    close(daemon);
    return 0;
}
