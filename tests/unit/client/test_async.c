/* Requests that call back: once, whatever happens, and never if they did not start. */
#include "client/core.h"

#include "harness/harness.h"
#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockd_client *client;
static struct peer peer;

static void open_to(int connections, peer_script script, void *context)
{
    peer_start(&peer, connections, script, context);
    cr_assert_eq(sockd_open(NULL, &client), 0);
}

static void end(void)
{
    sockd_disconnect(client);
    peer_stop(&peer);
}

static int turn(void)
{
    struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};

    cr_assert_geq(poll(&fd, 1, sockd_timeout_ms(client)), 0);
    return sockd_process(client);
}

/* What became of a request. */
struct outcome {
    int calls;
    int status;
    int number; /* of the error */
    char method[32];
    struct outcome *more; /* to be requested from within */
    uint32_t cancel;      /* to be cancelled from within */
    bool disconnect;
    bool block; /* a blocking call is refused from within */
};

static void record(struct sockd_client *from, const struct sockd_answer *answer, void *context)
{
    struct outcome *outcome = context;

    outcome->calls++;
    outcome->status = sockd_answer_status(answer);
    outcome->number = sockd_answer_error(answer)->number;
    snprintf(outcome->method, sizeof outcome->method, "%s", sockd_answer_error(answer)->method);
    if (outcome->more) {
        int result = sockd_submit_ping(from, record, outcome->more, NULL);
        cr_assert(result == 0 || outcome->status < 0);
    }
    if (outcome->cancel)
        cr_assert_eq(sockd_cancel_request(from, outcome->cancel), 0);
    if (outcome->block) {
        cr_assert_eq(sockd_ping(from, NULL), -EDEADLK);
        cr_assert_eq(sockd_process(from), -EDEADLK);
        cr_assert_eq(sockd_reconnect(from), -EDEADLK);
        cr_assert_eq(sockd_last_error(from)->number, EDEADLK);
    }
    if (outcome->disconnect)
        sockd_disconnect(from);
}

Test(async, an_answer_calls_back)
{
    struct peer_reply reply = PEER_REPLY("\xa4pong");
    struct outcome outcome = {.block = true};
    uint32_t request;

    open_to(1, peer_reply, &reply);
    cr_assert_eq(sockd_submit_ping(client, record, &outcome, &request), 0);
    cr_assert(request > 0 && outcome.calls == 0 && sockd_pending(client) == 1);
    cr_assert_eq(sockd_events(client), POLLIN | POLLOUT);
    while (sockd_pending(client) > 0)
        cr_assert_eq(turn(), 0);
    cr_assert(outcome.calls == 1 && outcome.status == 0 && outcome.number == 0);
    cr_assert_str_eq(outcome.method, "sockd.ping");
    cr_assert_eq(sockd_events(client), POLLIN);
    cr_assert_eq(sockd_timeout_ms(client), -1);
    cr_assert_eq(sockd_cancel_request(client, request), -ENOENT);
    cr_assert_eq(sockd_set_request_deadline(client, request, 1), -ENOENT);
    end();
}

Test(async, a_failure_calls_back)
{
    struct peer_reply reply = {.error = &(struct message_error){.number = EBADF}};
    struct outcome outcome = {.calls = 0};

    open_to(1, peer_reply, &reply);
    cr_assert_eq(sockd_submit_read(client, 7, 10, 1.0, record, &outcome, NULL), 0);
    while (sockd_pending(client) > 0)
        cr_assert_eq(turn(), 0);
    cr_assert(outcome.calls == 1 && outcome.status == -EBADF && outcome.number == EBADF);
    cr_assert_str_eq(outcome.method, "read");
    cr_assert_str_eq(reply.params, "070a01");
    end();
}

Test(async, what_does_not_start_does_not_call_back)
{
    struct peer_reply reply = PEER_REPLY("\xc3");
    struct outcome outcome = {.calls = 0};
    struct sockd_args *args = sockd_args_new();

    open_to(1, peer_reply, &reply);
    sockd_args_array(args, 2);
    cr_assert_eq(sockd_submit(client, "x", args, record, &outcome, NULL), -EINVAL);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_LIBRARY);
    cr_assert_eq(sockd_submit_readable(client, 7, NAN, record, &outcome, NULL), -EINVAL);
    cr_assert_eq(sockd_pending(client), 0);
    cr_assert_eq(sockd_events(client), POLLIN);
    end();
    cr_assert_eq(outcome.calls, 0);
    sockd_args_free(args);
}

Test(async, nobody_need_be_called)
{
    struct peer_reply reply = PEER_REPLY("\xc3");

    open_to(1, peer_reply, &reply);
    cr_assert_eq(sockd_submit_close(client, 7, NULL, NULL, NULL), 0);
    while (sockd_pending(client) > 0)
        cr_assert_eq(turn(), 0);
    end();
}

Test(async, a_blocking_call_serves_the_others)
{
    struct peer_reply reply = PEER_REPLY("\xa4pong");
    struct outcome outcome = {.block = true};
    const char *text;

    open_to(1, peer_reply, &reply);
    cr_assert_eq(sockd_submit_ping(client, record, &outcome, NULL), 0);
    cr_assert_eq(sockd_ping(client, &text), 0);
    cr_assert_str_eq(text, "pong");
    cr_assert_eq(outcome.calls, 1);
    cr_assert_eq(sockd_last_error(client)->number, 0);
    end();
}

Test(async, a_callback_may_submit)
{
    struct peer_reply reply = PEER_REPLY("\xa4pong");
    struct outcome second = {.calls = 0};
    struct outcome first = {.more = &second};

    open_to(1, peer_reply, &reply);
    sockd_submit_ping(client, record, &first, NULL);
    while (sockd_pending(client) > 0)
        cr_assert_eq(turn(), 0);
    cr_assert(first.calls == 1 && second.calls == 1 && second.status == 0);
    end();
}

static void hang_up(int fd, void *count)
{
    struct peer_request request;

    for (int i = 0; i < *(int *)count && peer_receive(fd, &request); i++)
        peer_request_free(&request);
}

Test(async, a_lost_connection_calls_all_back)
{
    struct outcome second = {.calls = 0};
    struct outcome first = {.more = &second};
    struct outcome never = {.calls = 0};
    int count = 1, result;

    open_to(1, hang_up, &count);
    first.more = &never;
    sockd_submit_ping(client, record, &first, NULL);
    sockd_submit_ping(client, record, &second, NULL);
    while ((result = turn()) == 0) {}
    cr_assert_eq(result, -ECONNRESET);
    cr_assert(first.calls == 1 && first.status == -ECONNRESET);
    cr_assert(second.calls == 1 && second.status == -ECONNRESET);
    cr_assert_eq(never.calls, 0, "what a callback asked of a lost connection did not start");
    cr_assert_eq(sockd_submit_ping(client, record, &never, NULL), -ECONNRESET);
    cr_assert_eq(sockd_process(client), -ECONNRESET);
    cr_assert(sockd_fd(client) == -1 && sockd_events(client) == 0);
    cr_assert_eq(sockd_timeout_ms(client), -1);
    end();
    cr_assert_eq(never.calls, 0);
}

Test(async, a_loss_that_a_blocking_call_met_is_told_to_the_loop)
{
    int count = 1;

    open_to(1, hang_up, &count);
    cr_assert_eq(sockd_ping(client, NULL), -ECONNRESET);
    cr_assert_eq(sockd_timeout_ms(client), 0);
    cr_assert_eq(sockd_process(client), -ECONNRESET);
    cr_assert_eq(sockd_timeout_ms(client), -1);
    end();
}

static void stay(int fd, void *context)
{
    struct peer_request request;

    (void)context;
    while (peer_receive(fd, &request))
        peer_request_free(&request);
}

Test(async, disconnecting_calls_all_back)
{
    struct outcome outcomes[2] = {{.disconnect = true}, {.calls = 0}};

    open_to(1, stay, NULL);
    sockd_submit_ping(client, record, &outcomes[0], NULL);
    sockd_submit_ping(client, record, &outcomes[1], NULL);
    end();
    for (int i = 0; i < 2; i++)
        cr_assert(outcomes[i].calls == 1 && outcomes[i].status == -ECANCELED);
}

Test(async, a_callback_may_disconnect)
{
    struct peer_reply reply = PEER_REPLY("\xa4pong");
    struct outcome first = {.disconnect = true}, second = {.calls = 0};
    int result;

    open_to(1, peer_reply, &reply);
    sockd_submit_ping(client, record, &first, NULL);
    sockd_submit_ping(client, record, &second, NULL);
    while ((result = turn()) == 0) {}
    cr_assert_eq(result, -ECANCELED);
    cr_assert(first.calls == 1 && first.status == 0);
    cr_assert_eq(second.calls, 1);
    peer_stop(&peer);
}

Test(async, a_callback_of_a_lost_connection_may_disconnect)
{
    struct outcome outcome = {.disconnect = true};
    int count = 1, result;

    open_to(1, hang_up, &count);
    sockd_submit_ping(client, record, &outcome, NULL);
    while ((result = turn()) == 0) {}
    cr_assert_eq(result, -ECANCELED, "the client is gone, which is what matters now");
    cr_assert(outcome.calls == 1 && outcome.status == -ECONNRESET);
    peer_stop(&peer);
}

Test(async, a_callback_may_disconnect_while_a_call_waits)
{
    struct peer_reply reply = PEER_REPLY("\xa4pong");
    struct outcome outcome = {.disconnect = true};

    open_to(1, peer_reply, &reply);
    sockd_submit_ping(client, record, &outcome, NULL);
    cr_assert_eq(sockd_ping(client, NULL), -ECANCELED);
    cr_assert(outcome.calls == 1 && outcome.status == 0);
    peer_stop(&peer);
}

/* Answers nothing until a request is cancelled: then that one, with the failure that belongs to it
 * or with a result. */
static void answer_cancelled(int fd, void *result)
{
    struct peer_request request;
    int64_t msgid;

    while (peer_receive(fd, &request)) {
        if (request.message.kind == MESSAGE_NOTIFICATION) {
            cr_assert(peer_is(&request, "sockd.cancel"));
            cr_assert(view_int(&request.message.params, &msgid));
            request.message.msgid = (uint32_t)msgid;
            if (result)
                peer_answer(fd, &request, result, 1);
            else
                peer_fail(fd, &request, &(struct message_error){.number = ECANCELED});
        }
        peer_request_free(&request);
    }
}

Test(async, a_cancelled_request_says_so)
{
    struct outcome cancelled = {.calls = 0}, other = {.calls = 0};
    uint32_t request;

    open_to(1, answer_cancelled, NULL);
    sockd_submit_ping(client, record, &cancelled, &request);
    sockd_submit_ping(client, record, &other, NULL);
    cr_assert_eq(sockd_cancel_request(client, request), 0);
    cr_assert_eq(sockd_cancel_request(client, request), -EALREADY);
    cr_assert_eq(sockd_set_request_deadline(client, request, 9), -EALREADY);
    while (sockd_pending(client) > 1)
        cr_assert_eq(turn(), 0);
    cr_assert(cancelled.calls == 1 && cancelled.status == -ECANCELED && other.calls == 0);
    end();
}

Test(async, an_answer_that_crosses_the_cancel_counts)
{
    char result[] = "\xc3";
    struct outcome outcome = {.calls = 0};
    uint32_t request;

    open_to(1, answer_cancelled, result);
    sockd_submit_ping(client, record, &outcome, &request);
    sockd_cancel_request(client, request);
    while (sockd_pending(client) > 0)
        cr_assert_eq(turn(), 0);
    cr_assert(outcome.calls == 1 && outcome.status == 0);
    end();
}

Test(async, a_callback_may_cancel)
{
    struct outcome first = {.calls = 0}, second = {.calls = 0};
    uint32_t requests[2];

    open_to(1, answer_cancelled, NULL);
    sockd_submit_ping(client, record, &first, &requests[0]);
    sockd_submit_ping(client, record, &second, &requests[1]);
    first.cancel = requests[1];
    sockd_cancel_request(client, requests[0]);
    while (sockd_pending(client) > 0)
        cr_assert_eq(turn(), 0);
    cr_assert(first.calls == 1 && second.calls == 1 && second.status == -ECANCELED);
    end();
}

Test(async, deadlines_are_kept)
{
    struct outcome early = {.calls = 0}, late = {.calls = 0}, never = {.calls = 0};
    uint32_t request;

    open_to(1, answer_cancelled, NULL);
    sockd_submit_ping(client, record, &never, NULL);
    sockd_set_deadline(client, 0.02);
    sockd_submit_ping(client, record, &early, NULL);
    sockd_set_deadline(client, 1000);
    sockd_submit_ping(client, record, &late, &request);
    int timeout = sockd_timeout_ms(client);
    cr_assert(timeout >= 0 && timeout <= 20);
    while (!early.calls)
        cr_assert_eq(turn(), 0);
    cr_assert_eq(early.status, -ETIMEDOUT);
    cr_assert(late.calls == 0 && sockd_pending(client) == 2);
    cr_assert_eq(sockd_set_request_deadline(client, request, 0), 0);
    while (!late.calls)
        cr_assert_eq(turn(), 0);
    cr_assert_eq(late.status, -ETIMEDOUT);
    cr_assert_eq(never.calls, 0);
    end();
    cr_assert_eq(never.calls, 1);
}

Test(async, a_daemon_that_ignores_a_cancel_is_left)
{
    struct outcome outcome = {.calls = 0};
    int result;

    open_to(1, stay, NULL);
    sockd_set_deadline(client, 0);
    sockd_submit_ping(client, record, &outcome, NULL);
    while ((result = turn()) == 0) {}
    cr_assert_eq(result, -ETIMEDOUT);
    cr_assert(outcome.calls == 1 && outcome.status == -ETIMEDOUT);
    cr_assert_str_eq(sockd_last_error(client)->message, "The daemon does not answer");
    end();
}

static void end_first_then_reply(int fd, void *context)
{
    static int played;
    struct peer_reply *reply = context;

    if (played++)
        peer_reply(fd, reply);
}

Test(async, reconnecting_begins_anew)
{
    struct peer_reply reply = PEER_REPLY("\xa4pong");
    struct outcome lost = {.calls = 0}, kept = {.calls = 0}, later = {.calls = 0};

    open_to(3, end_first_then_reply, &reply);
    sockd_submit_ping(client, record, &lost, NULL);
    while (turn() == 0) {}
    cr_assert_eq(lost.calls, 1);
    cr_assert_eq(sockd_reconnect(client), 0);
    cr_assert_eq(sockd_process(client), 0);
    cr_assert_eq(sockd_ping(client, NULL), 0);
    sockd_submit_ping(client, record, &kept, NULL);
    cr_assert_eq(sockd_reconnect(client), 0);
    cr_assert(kept.calls == 1 && kept.status == -ECANCELED);
    sockd_submit_ping(client, record, &later, NULL);
    while (sockd_pending(client) > 0)
        cr_assert_eq(turn(), 0);
    cr_assert_eq(later.status, 0);
    end();
}

Test(async, a_reconnect_that_fails_may_be_tried_again)
{
    int count = 0;

    open_to(1, hang_up, &count);
    while (turn() == 0) {}
    unlink(peer.path);
    cr_assert_eq(sockd_reconnect(client), -ENOENT);
    cr_assert_eq(sockd_last_error(client)->number, ENOENT);
    cr_assert_eq(sockd_ping(client, NULL), -ENOENT);
    cr_assert_eq(sockd_reconnect(client), -ENOENT);
    end();
}

/* A queue with room for one connection more than the listener was told. */
static int full_listener(char *folder, char *path, size_t size, int *filler)
{
    struct sockaddr_un address;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(harness_tempdir_new(folder, 64), 0);
    snprintf(path, size, "%s/sock", folder);
    address = harness_unix_address(path);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 0), 0);
    *filler = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(*filler, (struct sockaddr *)&address, sizeof address), 0);
    return listener;
}

Test(async, connecting_to_a_busy_daemon_does_not_wait)
{
    struct outcome outcome = {.calls = 0};
    char folder[64], path[96];
    int filler;
    int listener = full_listener(folder, path, sizeof path, &filler);

    cr_assert_eq(sockd_open_nonblocking(path, &client), 0);
    cr_assert(sockd_fd(client) == -1 && sockd_events(client) == 0);
    int timeout = sockd_timeout_ms(client);
    cr_assert(timeout >= 0 && timeout <= 100);
    cr_assert_eq(sockd_submit_ping(client, record, &outcome, NULL), 0);
    cr_assert_eq(sockd_process(client), 0);
    cr_assert_eq(sockd_fd(client), -1);
    close(accept(listener, NULL, NULL));
    while (sockd_fd(client) < 0)
        cr_assert_eq(turn(), 0);
    int fd = accept(listener, NULL, NULL);
    struct peer_request request;
    cr_assert_eq(sockd_process(client), 0);
    cr_assert(peer_receive(fd, &request) && peer_is(&request, "sockd.ping"));
    peer_answer(fd, &request, "\xa4pong", 5);
    peer_request_free(&request);
    while (sockd_pending(client) > 0)
        cr_assert_eq(turn(), 0);
    cr_assert_eq(outcome.status, 0);
    sockd_disconnect(client);
    close(fd);
    close(filler);
    close(listener);
    harness_tempdir_free(folder);
}

Test(async, a_daemon_that_is_not_there_is_told_at_once)
{
    cr_assert_eq(sockd_open_nonblocking("/nowhere/sock", &client), -ENOENT);
    cr_assert_null(client);
}

Test(async, more_is_queued_than_the_daemon_takes)
{
    struct outcome outcome = {.calls = 0};
    char *data = calloc(1, SOCKD_DATA_MAX);
    int started = 0, result;

    open_to(1, stay, NULL);
    do {
        result = sockd_submit_write(client, 7, data, SOCKD_DATA_MAX, 1, record, &outcome, NULL);
        started += result == 0;
    } while (result == 0);
    cr_assert_eq(result, -EAGAIN);
    cr_assert(started >= 1 && started <= 2);
    while (sockd_events(client) & POLLOUT)
        cr_assert_eq(turn(), 0);
    cr_assert_eq(sockd_submit_ping(client, record, &outcome, NULL), 0);
    end();
    cr_assert_eq(outcome.calls, started + 1);
    free(data);
}

/* Many at once, answered in reverse. */
enum { MANY = 500 };

static void answer_in_reverse(int fd, void *context)
{
    static struct peer_request requests[MANY];

    (void)context;
    for (int i = 0; i < MANY; i++)
        cr_assert(peer_receive(fd, &requests[i]));
    for (int i = MANY; i-- > 0;) {
        peer_answer(fd, &requests[i], "\xa4pong", 5);
        peer_request_free(&requests[i]);
    }
    stay(fd, NULL);
}

Test(async, many_are_answered_in_any_order)
{
    static struct outcome outcomes[MANY];

    open_to(1, answer_in_reverse, NULL);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(sockd_submit_ping(client, record, &outcomes[i], NULL), 0);
    while (sockd_pending(client) > 0)
        cr_assert_eq(turn(), 0);
    for (int i = 0; i < MANY; i++)
        cr_assert(outcomes[i].calls == 1 && outcomes[i].status == 0);
    end();
}
