/* Descriptors in requests and answers: what is asked for comes, what is not is closed. */
#include "client/core.h"

#include "harness/harness.h"
#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockd_client *client;
static struct peer peer;

/* What the daemon's stand-in does with a request. */
struct part {
    const char *method;
    int descriptors;    /* sent along with the answer */
    const char *answer; /* encoded; NULL: a failure */
    size_t size;
    char seen[256]; /* the methods asked for */
    int given;      /* how many descriptors came with requests */
    int late;       /* so many confirmations come too late; -1: the connection ends at the first */
};

/* {errno: 5, data: "abc", peer: {host: "h"}} */
#define TAKEN       \
    "\x83\xa5"      \
    "errno\x05\xa4" \
    "data\xc4\x03"  \
    "abc\xa4"       \
    "peer\x81\xa4host\xa1h"
/* {confirm: true, data: "abc", errno: 5, peer: {host: "h"}} */
#define CONFIRM       \
    "\x84\xa7"        \
    "confirm\xc3\xa5" \
    "errno\x05\xa4"   \
    "data\xc4\x03"    \
    "abc\xa4"         \
    "peer\x81\xa4host\xa1h"
#define ANSWER(bytes) .answer = (bytes), .size = sizeof(bytes) - 1

static void send_with(int fd, void *bytes, size_t size, int descriptors)
{
    char control[CMSG_SPACE(20 * sizeof(int))] = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = CMSG_SPACE((size_t)descriptors * sizeof(int))};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    *header = (struct cmsghdr){.cmsg_len = CMSG_LEN((size_t)descriptors * sizeof(int)),
                               .cmsg_level = SOL_SOCKET,
                               .cmsg_type = SCM_RIGHTS};
    for (int i = 0; i < descriptors; i++)
        memcpy(CMSG_DATA(header) + (size_t)i * sizeof fd, &fd, sizeof fd);
    cr_assert_eq(sendmsg(fd, &message, MSG_NOSIGNAL), (ssize_t)size);
}

static void answer(int fd, struct part *part, const struct peer_request *request)
{
    struct writer writer;

    writer_init_heap(&writer, 10000);
    if (part->answer) {
        message_put_answer(&writer, request->message.msgid);
        writer_raw(&writer, part->answer, part->size);
    } else {
        message_put_failure(&writer, &request->message.msgid,
                            &(struct message_error){.number = EPERM});
    }
    if (part->descriptors)
        send_with(fd, writer.data, writer.size, part->descriptors);
    else
        peer_send(fd, writer.data, writer.size);
    writer_free_heap(&writer);
}

/* Looks whether a descriptor comes with the next byte, and leaves the byte. */
static int peek_descriptors(int fd)
{
    char byte, control[CMSG_SPACE(sizeof(int))];
    struct iovec room = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &room,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    int got;

    if (recvmsg(fd, &message, MSG_PEEK | MSG_CMSG_CLOEXEC) <= 0)
        return 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS)
        return 0;
    memcpy(&got, CMSG_DATA(header), sizeof got);
    close(got);
    return 1;
}

static void play(int fd, void *context)
{
    struct part *part = context;
    struct peer_request request;

    for (;;) {
        /* A peek sees those of the message behind as well. */
        int descriptors = peek_descriptors(fd);
        if (!peer_receive(fd, &request))
            return;
        part->given += peer_is(&request, "sockd.give") ? descriptors : 0;
        size_t length = strlen(part->seen);
        snprintf(part->seen + length, sizeof part->seen - length, "%.*s(%s) ",
                 (int)request.message.method_size, request.message.method, peer_params(&request));
        bool confirms = peer_is(&request, "sockd.taken");
        if (confirms && part->late < 0) {
            peer_request_free(&request);
            shutdown(fd, SHUT_RDWR); /* of which the client has a descriptor too */
            return;
        }
        if (peer_is(&request, part->method))
            answer(fd, part, &request);
        else if (confirms && part->late > 0 && part->late--)
            peer_fail(fd, &request, &(struct message_error){.number = ENOENT, .text = "too late"});
        else
            peer_answer(fd, &request, "\x80", 1);
        peer_request_free(&request);
    }
}

static void open_to(struct part *part)
{
    peer_start(&peer, 1, play, part);
    cr_assert_eq(sockd_open(NULL, &client), 0);
    /* From now on the stand-in's side is open too. */
    cr_assert_eq(sockd_errno(client, 1, NULL), -EPROTO);
    part->seen[0] = 0;
}

static void end(void)
{
    sockd_disconnect(client);
    peer_stop(&peer);
}

static int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void turn(void)
{
    struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};

    cr_assert_geq(poll(&fd, 1, sockd_timeout_ms(client)), 0);
    cr_assert_eq(sockd_process(client), 0);
}

static void expect_taken(const struct sockd_taken *taken)
{
    cr_assert(fcntl(taken->fd, F_GETFD) & FD_CLOEXEC);
    cr_assert(taken->data.size == 3 && memcmp(taken->data.data, "abc", 3) == 0);
    cr_assert_eq(taken->error, 5);
    cr_assert_str_eq(taken->peer.host, "h");
    cr_assert_str_eq(taken->address.host, "");
    close(taken->fd);
}

Test(pass, a_socket_is_taken)
{
    struct part part = {.method = "sockd.take", .descriptors = 1, ANSWER(TAKEN)};
    struct sockd_taken taken;

    open_to(&part);
    int open = open_descriptors();
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(sockd_take(client, 7, &taken), 0);
        expect_taken(&taken);
    }
    cr_assert_eq(open_descriptors(), open);
    cr_assert_str_eq(part.seen,
                     "sockd.hello(82a3666473c3a7636f6e6669726dc3) sockd.take(07) sockd.take(07) ");
    end();
}

Test(pass, a_descriptor_that_came_is_confirmed_before_it_is_the_callers)
{
    struct part part = {.method = "sockd.take", .descriptors = 1, ANSWER(CONFIRM)};
    struct sockd_taken taken;

    open_to(&part);
    int open = open_descriptors();
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(sockd_take(client, 7, &taken), 0);
        expect_taken(&taken);
    }
    cr_assert_eq(open_descriptors(), open);
    cr_assert_str_eq(part.seen, "sockd.hello(82a3666473c3a7636f6e6669726dc3) sockd.take(07) "
                                "sockd.taken(03c3) sockd.take(07) sockd.taken(04c3) ");
    cr_assert_eq(sockd_pending(client), 0);
    end();
}

Test(pass, the_daemon_is_told_that_none_came)
{
    struct part part = {.method = "sockd.take", ANSWER(CONFIRM)};
    struct sockd_taken taken = {.fd = -7};

    open_to(&part);
    cr_assert_eq(sockd_take(client, 7, &taken), -EBADF);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_CONNECTION);
    cr_assert_not_null(strstr(sockd_last_error(client)->message, "stays with the daemon"));
    cr_assert_eq(taken.fd, -7);
    cr_assert_not_null(strstr(part.seen, "sockd.taken(03c2) "));
    end();
}

Test(pass, a_confirmation_that_comes_late_leaves_no_descriptor)
{
    struct part part = {.method = "sockd.take", .descriptors = 1, ANSWER(CONFIRM), .late = 1};
    struct sockd_taken taken;

    open_to(&part);
    int open = open_descriptors();
    cr_assert_eq(sockd_take(client, 7, &taken), -ENOENT);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_DAEMON);
    cr_assert_str_eq(sockd_last_error(client)->message, "too late");
    cr_assert_eq(open_descriptors(), open);
    cr_assert_eq(sockd_take(client, 7, &taken), 0);
    expect_taken(&taken);
    end();
}

Test(pass, a_daemon_that_ends_meanwhile_leaves_no_descriptor)
{
    struct part part = {.method = "sockd.take", .descriptors = 1, ANSWER(CONFIRM), .late = -1};
    struct sockd_taken taken;

    open_to(&part);
    int open = open_descriptors();
    cr_assert_eq(sockd_take(client, 7, &taken), -ECONNRESET);
    cr_assert_leq(open_descriptors(), open);
    end();
}

Test(pass, a_hello_of_the_callers_makes_another_necessary)
{
    struct part part = {.method = "sockd.take", .descriptors = 1, ANSWER(TAKEN)};
    struct sockd_taken taken;

    open_to(&part);
    cr_assert_eq(sockd_take(client, 7, &taken), 0);
    close(taken.fd);
    part.seen[0] = 0;
    cr_assert_eq(sockd_hello(client, NULL, NULL), 0);
    cr_assert_eq(sockd_take(client, 7, &taken), 0);
    close(taken.fd);
    cr_assert_str_eq(part.seen,
                     "sockd.hello(c0) sockd.hello(82a3666473c3a7636f6e6669726dc3) sockd.take(07) ");
    end();
}

Test(pass, a_take_that_fails)
{
    struct part part = {.method = "sockd.take", .descriptors = 1};
    struct sockd_taken taken;

    open_to(&part);
    int open = open_descriptors();
    cr_assert_eq(sockd_take(client, 7, &taken), -EPERM);
    cr_assert_eq(open_descriptors(), open, "a descriptor beside a failure is closed");
    end();
}

Test(pass, a_take_without_a_descriptor)
{
    struct part part = {.method = "sockd.take", ANSWER(TAKEN)};
    struct sockd_taken taken;

    open_to(&part);
    cr_assert_eq(sockd_take(client, 7, &taken), -EBADF);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_CONNECTION);
    end();
}

Test(pass, a_take_with_another_answer_or_too_many_descriptors)
{
    struct part part = {.method = "sockd.take", .descriptors = 3, ANSWER("\x07")};
    struct sockd_taken taken;

    open_to(&part);
    int open = open_descriptors();
    cr_assert_eq(sockd_take(client, 7, &taken), -EPROTO);
    cr_assert_eq(open_descriptors(), open);
    end();
}

Test(pass, descriptors_that_nobody_asked_for)
{
    struct part part = {.method = "sockd.ping", .descriptors = 20, ANSWER("\xa4pong")};

    open_to(&part);
    int open = open_descriptors();
    cr_assert_eq(sockd_ping(client, NULL), 0);
    cr_assert_eq(sockd_request(client, "sockd.take", NULL, NULL), -EINVAL);
    cr_assert_eq(open_descriptors(), open);
    end();
}

struct outcome {
    int calls;
    int status;
    bool take;
};

static void record(struct sockd_client *from, const struct sockd_answer *given, void *context)
{
    struct outcome *outcome = context;
    struct sockd_taken taken;

    cr_assert_eq(from, client);
    outcome->calls++;
    outcome->status = sockd_answer_status(given);
    if (!outcome->take)
        return;
    outcome->status = sockd_answer_take(given, &taken);
    if (outcome->status == 0) {
        expect_taken(&taken);
        cr_assert_eq(sockd_answer_take(given, &taken), -EBADF);
    }
}

Test(pass, taken_by_callback)
{
    struct part part = {.method = "sockd.take", .descriptors = 1, ANSWER(TAKEN)};
    struct outcome outcomes[3] = {{.take = true}, {.take = false}, {.take = true}};

    open_to(&part);
    int open = open_descriptors();
    for (int i = 0; i < 3; i++)
        cr_assert_eq(sockd_submit_take(client, 7, record, &outcomes[i], NULL), 0);
    while (sockd_pending(client) > 0)
        turn();
    for (int i = 0; i < 3; i++)
        cr_assert(outcomes[i].calls == 1 && outcomes[i].status == 0);
    cr_assert_eq(open_descriptors(), open, "one that was not taken is closed");
    end();
}

Test(pass, taken_by_callback_and_confirmed)
{
    struct part part = {.method = "sockd.take", .descriptors = 1, ANSWER(CONFIRM), .late = 1};
    struct outcome outcomes[4] = {{.take = true}, {.take = true}, {.take = false}, {.take = true}};
    struct sockd_taken taken;

    open_to(&part);
    int open = open_descriptors();
    for (int i = 0; i < 4; i++)
        cr_assert_eq(sockd_submit_take(client, 7, record, &outcomes[i], NULL), 0);
    cr_assert_eq(sockd_take(client, 7, &taken), 0, "one that waits among those that do not");
    expect_taken(&taken);
    while (sockd_pending(client) > 0)
        turn();
    for (int i = 0; i < 4; i++)
        cr_assert(outcomes[i].calls == 1 && outcomes[i].status == (i == 0 ? -ENOENT : 0));
    cr_assert_eq(open_descriptors(), open, "one that was not taken is closed");
    end();
}

Test(pass, a_socket_is_given)
{
    struct part part = {.method = "sockd.give", ANSWER("\x09")};
    struct sockd_settings settings = {.name = "n"};
    uint64_t id = 0;
    int fds[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    open_to(&part);
    int open = open_descriptors();
    cr_assert_eq(sockd_give(client, fds[0], &settings, &id), 0);
    cr_assert_eq(id, 9);
    cr_assert_eq(sockd_ping(client, NULL), -EPROTO);
    cr_assert_eq(part.given, 1);
    cr_assert_str_eq(part.seen, "sockd.give(81a46e616d65a16e) sockd.ping() ");
    cr_assert_eq(sockd_give(client, -1, NULL, &id), -EBADF);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_LIBRARY);
    cr_assert_eq(open_descriptors(), open);
    end();
    close(fds[0]);
    close(fds[1]);
}

Test(pass, several_are_given_among_other_requests)
{
    struct part part = {.method = "sockd.give", ANSWER("\x09")};
    struct outcome outcome = {.calls = 0};
    int fds[2], result;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    open_to(&part);
    int open = open_descriptors(), given = 0;
    do {
        sockd_submit_ping(client, record, &outcome, NULL);
        result = sockd_submit_give(client, fds[0], NULL, record, &outcome, NULL);
        given += result == 0;
    } while (result == 0);
    cr_assert_eq(result, -EAGAIN);
    cr_assert_eq(given, DESCRIPTORS_MOST);
    while (sockd_pending(client) > 0)
        turn();
    cr_assert_eq(outcome.calls, 2 * given + 1);
    cr_assert_eq(part.given, given);
    cr_assert_eq(open_descriptors(), open);
    cr_assert_eq(sockd_submit_give(client, fds[0], NULL, record, &outcome, NULL), 0);
    end();
    close(fds[0]);
    close(fds[1]);
}
