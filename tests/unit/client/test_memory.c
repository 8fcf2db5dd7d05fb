/* Every allocation of the library failing in turn: an error, or a lost connection; never worse, and
 * every request that started calls back once. */
#include "client/core.h"

#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

/* How many allocations succeed before one fails; negative: all do. Only of this thread. */
static _Thread_local int left = -1;

static bool fails(void)
{
    return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

/* Answers with a text that is long enough to need memory wherever it goes, after a notification. */
static void play(int fd, void *context)
{
    struct peer_request request;
    char text[301] = "\xda\x01\x29";

    (void)context;
    memset(text + 3, 'x', sizeof text - 4);
    while (peer_receive(fd, &request)) {
        peer_send(fd, "\x93\x02\xa1x\x91\x07", 6);
        if (peer_is(&request, "close"))
            peer_fail(fd, &request, &(struct message_error){.number = EIO, .text = text + 3});
        else
            peer_answer(fd, &request, text, sizeof text - 1);
        peer_request_free(&request);
    }
}

static void count(struct sockd_client *client, const struct sockd_answer *answer, void *context)
{
    const struct sockd_value *value;
    const char *text;

    cr_assert_not_null(client);
    (void)sockd_answer_text(answer, &text);
    (void)sockd_answer_value(answer, &value);
    --*(int *)context;
}

static void ignore(struct sockd_client *client, const char *method,
                   const struct sockd_value *params, void *context)
{
    cr_assert(client && method && params && !context);
}

/* Whatever fails says so. */
static void expect(const struct sockd_client *client, int result)
{
    if (result < 0)
        cr_assert_eq(sockd_last_error(client)->number, -result);
}

static void use(struct sockd_client *client)
{
    struct sockd_args *args = sockd_args_new();
    const struct sockd_value *value;
    const char *text;
    int pending = 0;

    sockd_on_notify(client, ignore, NULL);
    sockd_args_text(args, "a text");
    for (int i = 0; i < 40; i++)
        pending += sockd_submit(client, "x", args, count, &pending, NULL) == 0;
    expect(client, sockd_ping(client, &text));
    expect(client, sockd_info(client, 7, &value));
    expect(client, sockd_close(client, 7));
    expect(client, sockd_give(client, 0, NULL, NULL));
    while (sockd_pending(client) > 0 && sockd_process(client) == 0) {
        struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};
        poll(&fd, 1, sockd_timeout_ms(client));
    }
    expect(client, sockd_reconnect(client));
    expect(client, sockd_ping(client, &text));
    pending += sockd_submit_ping(client, count, &pending, NULL) == 0;
    sockd_disconnect(client);
    cr_assert_eq(pending, 0);
    sockd_args_free(args);
}

Test(memory, every_allocation_fails_in_turn)
{
    struct peer peer;
    struct sockd_client *client;
    int allowed = 0, runs_out;

    peer_start(&peer, 1000, play, NULL);
    do {
        left = allowed++;
        int result = sockd_open(peer.path, &client);
        cr_assert(result == 0 ? client != NULL : result == -ENOMEM && !client);
        if (client)
            use(client);
        runs_out = left < 0;
        left = -1;
    } while (runs_out);
    cr_assert(allowed > 50 && allowed < 500, "%d allocations", allowed);
    peer_stop(&peer);
}
