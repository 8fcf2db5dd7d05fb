/* Requests in flight: answers out of order, lost connections, deadlines, interrupts, cancels. */
#include "client/core.h"

#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockd_client *client;
static struct peer peer;

static void open_to(peer_script script, void *context)
{
    peer_start(&peer, 1, script, context);
    cr_assert_eq(sockd_open(NULL, &client), 0);
}

static void end(void)
{
    sockd_disconnect(client);
    peer_stop(&peer);
}

static const struct sockd_error *error(void)
{
    return sockd_last_error(client);
}

/* One request of the asynchronous kind. */
struct flight {
    struct request request;
    int completed;
    bool answered;
};

static void landed(struct sockd_client *from, struct request *request, const struct message *answer)
{
    struct flight *flight = (struct flight *)request;

    cr_assert_eq(from, client);
    flight->completed++;
    flight->answered = answer != NULL;
}

static void take_off(struct flight *flight)
{
    *flight = (struct flight){.request = {.msgid = core_new_msgid(client), .complete = landed}};
    core_add(client, &flight->request, SOCKD_FOREVER);
    message_put_request(&client->connection.out, flight->request.msgid, "sockd.ping", 10, 0);
}

/* Two requests are answered the other way round, with a stranger's between. */
static void answer_backwards(int fd, void *context)
{
    struct peer_request first, second;

    (void)context;
    cr_assert(peer_receive(fd, &first) && peer_receive(fd, &second));
    peer_answer(fd, &second, "\x02", 1);
    peer_send(fd, "\x93\x02\xa1x\x90\x94\x01\xcd\x7f\xff\xc0\xc0", 12);
    peer_answer(fd, &first, "\x01", 1);
    peer_request_free(&first);
    peer_request_free(&second);
    char byte;
    recv(fd, &byte, 1, 0);
}

Test(core, answers_find_their_requests)
{
    struct flight flights[2];

    open_to(answer_backwards, NULL);
    take_off(&flights[0]);
    take_off(&flights[1]);
    while (!flights[0].completed)
        cr_assert_eq(core_process(client, true), 0);
    cr_assert(flights[0].answered && flights[1].answered);
    cr_assert_eq(flights[0].completed + flights[1].completed, 2);
    cr_assert_eq(client->requests.count, 0);
    end();
}

Test(core, a_msgid_in_flight_is_not_used_again)
{
    struct peer_reply reply = PEER_REPLY("\xc0");
    struct flight flight;

    open_to(peer_reply, &reply);
    client->last_msgid = UINT32_MAX - 1;
    take_off(&flight);
    client->last_msgid = UINT32_MAX - 1;
    cr_assert_eq(core_new_msgid(client), 1, "0 is no request");
    while (!flight.completed)
        core_process(client, true);
    end();
}

static void hang_up(int fd, void *bytes)
{
    struct peer_request request;

    if (peer_receive(fd, &request))
        peer_request_free(&request);
    if (bytes)
        peer_send(fd, bytes, strlen(bytes));
}

Test(core, losing_the_connection_completes_all_requests_once)
{
    struct flight flights[2];

    open_to(hang_up, NULL);
    take_off(&flights[0]);
    take_off(&flights[1]);
    int result;
    while ((result = core_process(client, true)) == 0) {}
    cr_assert_eq(result, -ECONNRESET);
    for (int i = 0; i < 2; i++)
        cr_assert(flights[i].completed == 1 && !flights[i].answered);
    cr_assert_eq(core_lose(client, -EIO, NULL), -ECONNRESET, "the first reason counts");
    end();
}

Test(core, a_daemon_that_dies_is_an_error_now_and_later)
{
    const char *text;

    open_to(hang_up, NULL);
    cr_assert_eq(sockd_ping(client, &text), -ECONNRESET);
    cr_assert_eq(error()->origin, SOCKD_ORIGIN_CONNECTION);
    cr_assert_str_eq(error()->message, "The daemon closed the connection");
    cr_assert_eq(sockd_ping(client, &text), -ECONNRESET);
    cr_assert_str_eq(error()->message, "The daemon closed the connection");
    cr_assert_str_eq(error()->method, "sockd.ping");
    end();
}

Test(core, a_daemon_that_talks_nonsense_is_left)
{
    char nonsense[] = "\xc1";

    open_to(hang_up, nonsense);
    cr_assert_eq(sockd_ping(client, NULL), -EBADMSG);
    cr_assert_eq(error()->origin, SOCKD_ORIGIN_CONNECTION);
    cr_assert_str_eq(error()->message, "not MessagePack, or an extension type");
    end();
}

/* So a daemon refuses a client that is one too many. */
static void refuse(int fd, void *context)
{
    struct writer writer;

    (void)context;
    writer_init_heap(&writer, 1000);
    message_put_failure(&writer, NULL, &(struct message_error){.number = EDQUOT});
    peer_send(fd, writer.data, writer.size);
    writer_free_heap(&writer);
}

Test(core, an_answer_to_nobody_ends_the_connection_with_its_reason)
{
    open_to(refuse, NULL);
    cr_assert_eq(sockd_ping(client, NULL), -EDQUOT);
    cr_assert_eq(error()->origin, SOCKD_ORIGIN_CONNECTION);
    cr_assert_str_eq(error()->name, "EDQUOT");
    end();
}

/* Answers the first request only when it is cancelled: with the failure that belongs to it, or
 * with a result that was on its way. */
struct slow {
    bool result;
    bool cancelled;
};

static void answer_when_cancelled(int fd, void *context)
{
    struct slow *slow = context;
    struct peer_request request, cancel;

    cr_assert(peer_receive(fd, &request));
    if (!peer_receive(fd, &cancel)) {
        peer_request_free(&request);
        return;
    }
    int64_t msgid = 0;
    slow->cancelled = cancel.message.kind == MESSAGE_NOTIFICATION &&
                      peer_is(&cancel, "sockd.cancel") &&
                      view_int(&cancel.message.params, &msgid) && msgid == request.message.msgid;
    if (slow->result)
        peer_answer(fd, &request, "\xa4pong", 5);
    else
        peer_fail(fd, &request, &(struct message_error){.number = ECANCELED});
    peer_request_free(&request);
    peer_request_free(&cancel);
    char byte;
    recv(fd, &byte, 1, 0);
}

Test(core, the_deadline_cancels)
{
    struct slow slow = {.result = false};

    open_to(answer_when_cancelled, &slow);
    sockd_set_deadline(client, 0.05);
    cr_assert_eq(sockd_ping(client, NULL), -ETIMEDOUT);
    cr_assert_eq(error()->origin, SOCKD_ORIGIN_LIBRARY);
    cr_assert(slow.cancelled);
    end();
}

Test(core, an_answer_that_crosses_the_cancel_counts)
{
    struct slow slow = {.result = true};
    const char *text;

    open_to(answer_when_cancelled, &slow);
    sockd_set_deadline(client, 0.05);
    cr_assert_eq(sockd_ping(client, &text), 0);
    cr_assert_str_eq(text, "pong");
    end();
}

Test(core, an_interrupt_cancels)
{
    struct slow slow = {.result = false};
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    open_to(answer_when_cancelled, &slow);
    sockd_set_interrupt(client, ends[0]);
    cr_assert_eq(write(ends[1], "", 1), 1);
    cr_assert_eq(sockd_ping(client, NULL), -EINTR);
    cr_assert(slow.cancelled);
    cr_assert_eq(error()->origin, SOCKD_ORIGIN_LIBRARY);
    end();
    close(ends[0]);
    close(ends[1]);
}

static void be_deaf(int fd, void *context)
{
    struct peer_request request;
    char byte;

    (void)context;
    while (peer_receive(fd, &request))
        peer_request_free(&request);
    recv(fd, &byte, 1, 0);
}

Test(core, a_daemon_that_ignores_the_cancel_is_left)
{
    open_to(be_deaf, NULL);
    sockd_set_deadline(client, 0);
    cr_assert_eq(sockd_ping(client, NULL), -ETIMEDOUT);
    cr_assert_eq(error()->origin, SOCKD_ORIGIN_CONNECTION);
    cr_assert_str_eq(error()->message, "The daemon does not answer");
    end();
}

Test(core, interrupted_at_a_daemon_that_ignores_it)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    open_to(be_deaf, NULL);
    sockd_set_interrupt(client, ends[0]);
    cr_assert_eq(write(ends[1], "", 1), 1);
    cr_assert_eq(sockd_ping(client, NULL), -EINTR);
    end();
    close(ends[0]);
    close(ends[1]);
}

/* A signal that nobody handles here must not shorten or end a call. */
static void ignore(int signal)
{
    (void)signal;
}

static void answer_late(int fd, void *context)
{
    struct peer_request request;

    cr_assert(peer_receive(fd, &request));
    pthread_kill(*(pthread_t *)context, SIGUSR1);
    peer_answer(fd, &request, "\xa4pong", 5);
    peer_request_free(&request);
    char byte;
    recv(fd, &byte, 1, 0);
}

Test(core, signals_change_nothing)
{
    pthread_t self = pthread_self();
    struct sigaction action = {.sa_handler = ignore};

    sigaction(SIGUSR1, &action, NULL);
    open_to(answer_late, &self);
    cr_assert_eq(sockd_ping(client, NULL), 0);
    end();
}

/* Every cut and every flipped bit of an answer: an error or a result, never worse. */
struct damage {
    const char *bytes;
    size_t size;
    size_t bit; /* to flip; or beyond the end */
};

static void damaged(int fd, void *context)
{
    struct damage *damage = context;
    struct peer_request request;
    char bytes[128];

    memcpy(bytes, damage->bytes, damage->size);
    if (damage->bit < 8 * damage->size)
        bytes[damage->bit / 8] = (char)(bytes[damage->bit / 8] ^ 1 << damage->bit % 8);
    if (!peer_receive(fd, &request))
        return;
    peer_request_free(&request);
    peer_send(fd, bytes, damage->size);
}

static void survive(struct damage *damage)
{
    const struct sockd_value *value;
    struct sockd_args *args = sockd_args_new();

    open_to(damaged, damage);
    int result = sockd_request(client, "sockd.info", args, &value);
    cr_assert_leq(result, 0);
    if (result == 0)
        cr_assert_leq(sockd_value_count(value), 32);
    end();
    sockd_args_free(args);
}

#define GOOD                             \
    "\x94\x01\x01\xc0\x82\xa2id\x07\xa7" \
    "address\x82\xa4host\xa5"            \
    "1.2.3\xa4port\x50"
#define FAILED                 \
    "\x94\x01\x01\x92\x00\xa5" \
    "EBADF\x82\xa5"            \
    "errno\x09\xa4name\xa5"    \
    "EBADF"

Test(core, every_truncation_of_an_answer)
{
    for (size_t size = 0; size < sizeof GOOD; size++)
        survive(&(struct damage){GOOD, size, SIZE_MAX});
    for (size_t size = 0; size < sizeof FAILED; size++)
        survive(&(struct damage){FAILED, size, SIZE_MAX});
}

Test(core, every_bit_flip_of_an_answer)
{
    for (size_t bit = 0; bit < 8 * (sizeof GOOD - 1); bit++)
        survive(&(struct damage){GOOD, sizeof GOOD - 1, bit});
    for (size_t bit = 0; bit < 8 * (sizeof FAILED - 1); bit++)
        survive(&(struct damage){FAILED, sizeof FAILED - 1, bit});
}
