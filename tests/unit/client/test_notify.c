/* Notifications reach the callback, from the loop and while a call waits. */
#include "client/core.h"

#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

static struct sockd_client *client;
static struct peer peer;

/* sockd.data [7, 0, "abc"], and one without parameters. */
#define DATA                 \
    "\x93\x02\xaasockd.data" \
    "\x93\x07\x00\xc4\x03"   \
    "abc"
#define BARE "\x93\x02\xa1x\x90"

static void notify(int fd, void *context)
{
    struct peer_request request;

    (void)context;
    peer_send(fd, DATA BARE, sizeof DATA + sizeof BARE - 2);
    while (peer_receive(fd, &request)) {
        peer_send(fd, DATA, sizeof DATA - 1);
        peer_answer(fd, &request, "\xa4pong", 5);
        peer_request_free(&request);
    }
}

static void start(void)
{
    peer_start(&peer, 1, notify, NULL);
    cr_assert_eq(sockd_open(NULL, &client), 0);
}

static void stop(void)
{
    sockd_disconnect(client);
    peer_stop(&peer);
}

TestSuite(notify, .init = start, .fini = stop);

struct seen {
    int data, bare;
    int blocking; /* what a blocking call from within says */
    bool disconnect;
};

static void see(struct sockd_client *from, const char *method, const struct sockd_value *params,
                void *context)
{
    struct seen *seen = context;
    const char *data;
    size_t size;
    int64_t handle;

    cr_assert_eq(from, client);
    cr_assert_eq(sockd_value_type(params), SOCKD_ARRAY);
    if (strcmp(method, "x") == 0) {
        cr_assert_eq(sockd_value_count(params), 0);
        seen->bare++;
    } else {
        cr_assert_str_eq(method, "sockd.data");
        cr_assert_eq(sockd_value_count(params), 3);
        cr_assert(sockd_value_int(sockd_value_at(params, 0), &handle) && handle == 7);
        cr_assert(sockd_value_data(sockd_value_at(params, 2), &data, &size));
        cr_assert(size == 3 && memcmp(data, "abc", 3) == 0);
        seen->data++;
    }
    seen->blocking = sockd_ping(client, NULL);
    if (seen->disconnect)
        sockd_disconnect(client);
}

static int turn(void)
{
    struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};

    cr_assert_geq(poll(&fd, 1, sockd_timeout_ms(client)), 0);
    return sockd_process(client);
}

Test(notify, they_come_from_the_loop)
{
    struct seen seen = {.data = 0};

    sockd_on_notify(client, see, &seen);
    while (!seen.bare)
        cr_assert_eq(turn(), 0);
    cr_assert_eq(seen.data, 1);
    cr_assert_eq(seen.blocking, -EDEADLK);
}

Test(notify, they_come_while_a_call_waits)
{
    struct seen seen = {.data = 0};
    const char *text;

    sockd_on_notify(client, see, &seen);
    cr_assert_eq(sockd_ping(client, &text), 0);
    cr_assert_str_eq(text, "pong");
    cr_assert(seen.data == 2 && seen.bare == 1);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_NONE);
    cr_assert_str_eq(sockd_last_error(client)->method, "sockd.ping");
}

Test(notify, nobody_need_listen)
{
    cr_assert_eq(sockd_ping(client, NULL), 0);
}

Test(notify, the_callback_may_disconnect_a_call_that_waits)
{
    struct seen seen = {.disconnect = true};

    sockd_on_notify(client, see, &seen);
    cr_assert_eq(sockd_ping(client, NULL), -ECANCELED);
    cr_assert_eq(seen.data, 1);
    client = NULL;
}

Test(notify, the_callback_may_disconnect_the_loop)
{
    struct seen seen = {.disconnect = true};
    int result;

    sockd_on_notify(client, see, &seen);
    while ((result = turn()) == 0) {}
    cr_assert_eq(result, -ECANCELED);
    cr_assert_eq(seen.data, 1);
    client = NULL;
}
