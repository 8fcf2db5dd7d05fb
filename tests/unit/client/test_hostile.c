/* A daemon that cannot be trusted: whatever it sends, every request calls back once, and every call
 * ends with a result or an error. */
#include "client/core.h"

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

/* Bytes that are sent when the first request has come; then the connection ends. */
struct speech {
    const char *bytes;
    size_t size;
    size_t bit;   /* to flip; none beyond the end */
    bool with_fd; /* a descriptor goes with each byte */
};

#define SPEECH(text)                                               \
    {                                                              \
        .bytes = (text), .size = sizeof(text) - 1, .bit = SIZE_MAX \
    }

static void send_byte_with_fd(int fd, char byte)
{
    char control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);

    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    sendmsg(fd, &message, MSG_NOSIGNAL);
}

static void speak(int fd, void *context)
{
    const struct speech *speech = context;
    struct peer_request request;
    char bytes[256];

    if (!peer_receive(fd, &request))
        return;
    peer_request_free(&request);
    memcpy(bytes, speech->bytes, speech->size);
    if (speech->bit < 8 * speech->size)
        bytes[speech->bit / 8] = (char)(bytes[speech->bit / 8] ^ 1 << speech->bit % 8);
    for (size_t i = 0; speech->with_fd && i < speech->size; i++)
        send_byte_with_fd(fd, bytes[i]);
    if (!speech->with_fd)
        peer_send(fd, bytes, speech->size);
}

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

struct outcome {
    int calls;
    int status;
};

/* Reads all that the answer might be. */
static void record(struct sockd_client *from, const struct sockd_answer *answer, void *context)
{
    struct outcome *outcome = context;
    struct sockd_bytes bytes = {0};
    struct sockd_address address;
    struct sockd_taken taken;
    const struct sockd_value *value = NULL;
    uint64_t id;

    cr_assert_eq(from, client);
    outcome->calls++;
    outcome->status = sockd_answer_status(answer);
    cr_assert_leq(outcome->status, 0);
    cr_assert_eq(sockd_answer_value(answer, &value), outcome->status);
    if (sockd_answer_bytes_from(answer, &bytes, &address) == 0)
        cr_assert_leq(bytes.size, 256);
    cr_assert_leq(sockd_answer_id_address(answer, &id, &address), 0);
    if (sockd_answer_take(answer, &taken) == 0)
        close(taken.fd);
}

static void hear(struct sockd_client *from, const char *method, const struct sockd_value *params,
                 void *context)
{
    cr_assert_eq(from, client);
    cr_assert(strlen(method) <= 256 && sockd_value_type(params) == SOCKD_ARRAY);
    (*(int *)context)++;
}

/* Requests whose numbers are 1 (the hello of the take), 2 and 3, and all that comes of them. */
static int provoke(struct speech *speech, struct outcome outcomes[2])
{
    int notifications = 0;

    memset(outcomes, 0, 2 * sizeof outcomes[0]);
    open_to(speak, speech);
    sockd_on_notify(client, hear, &notifications);
    cr_assert_eq(sockd_submit_take(client, 7, record, &outcomes[0], NULL), 0);
    cr_assert_eq(sockd_submit_recvfrom(client, 7, 100, 0, 1, record, &outcomes[1], NULL), 0);
    int result = 0;
    while (result == 0) {
        struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};
        poll(&fd, 1, sockd_timeout_ms(client));
        result = sockd_process(client);
    }
    cr_assert_lt(result, 0);
    cr_assert_eq(sockd_last_error(client)->number, -result);
    end();
    cr_assert(outcomes[0].calls == 1 && outcomes[1].calls == 1);
    return notifications;
}

/* What an honest daemon would say: a notification, and answers to 1, 2 and 3. */
#define HONEST                       \
    "\x93\x02\xa1x\x92\x07\xc4\x01y" \
    "\x94\x01\x01\xc0\x80"           \
    "\x94\x01\x02\xc0\x81\xa4"       \
    "data\xc4\x02zz"                 \
    "\x94\x01\x03\xc0\x92\xc4\x01"   \
    "a\x81\xa4host\xa1h"

Test(hostile, an_honest_daemon_for_comparison)
{
    struct speech speech = SPEECH(HONEST);
    struct outcome outcomes[2];

    cr_assert_eq(provoke(&speech, outcomes), 1);
    cr_assert(outcomes[0].status == 0 && outcomes[1].status == 0);
}

Test(hostile, every_truncation)
{
    struct speech speech = SPEECH(HONEST);
    struct outcome outcomes[2];

    for (speech.size = 0; speech.size < sizeof HONEST - 1; speech.size++) {
        provoke(&speech, outcomes);
        cr_assert_eq(outcomes[1].status, -ECONNRESET);
    }
}

Test(hostile, every_flipped_bit)
{
    struct speech speech = SPEECH(HONEST);
    struct outcome outcomes[2];

    for (speech.bit = 0; speech.bit < 8 * speech.size; speech.bit++)
        provoke(&speech, outcomes);
}

Test(hostile, a_descriptor_with_every_byte)
{
    struct speech speech = SPEECH(HONEST);
    struct outcome outcomes[2];
    int before = dup(0);

    speech.with_fd = true;
    provoke(&speech, outcomes);
    cr_assert(outcomes[0].status == 0 && outcomes[1].status == 0);
    close(before);
    int after = dup(0);
    cr_assert_eq(after, before, "a descriptor was left open");
    close(after);
}

Test(hostile, a_second_answer_and_answers_to_nobody)
{
    struct speech speech = SPEECH("\x94\x01\x03\xc0\xc3"
                                  "\x94\x01\x03\xc0\xc3"
                                  "\x94\x01\xce\xff\xff\xff\xff\xc0\xc3"
                                  "\x94\x01\x00\xc0\xc3"
                                  "\x94\x00\x07\xa1x\x90" /* a request */
                                  "\x94\x01\x02\xc0\xc0");
    struct outcome outcomes[2];

    provoke(&speech, outcomes);
    cr_assert(outcomes[0].status == 0 && outcomes[1].status == 0);
}

/* What is announced and does not come, or is more than any message may be. */
Test(hostile, announced_lengths)
{
    static const char *const heads[] = {
        "\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff",
        "\xdb\xff\xff\xff\xff", "\x94\x01\x03\xdd\xff", "\xc9\xff\xff\xff\xff\x01",
    };
    struct outcome outcomes[2];

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct speech speech = {.bytes = heads[i], .size = strlen(heads[i]), .bit = SIZE_MAX};
        provoke(&speech, outcomes);
        cr_assert(outcomes[0].status == -EBADMSG || outcomes[0].status == -ECONNRESET);
        cr_assert_eq(outcomes[0].status, outcomes[1].status);
    }
}

Test(hostile, deep_nesting)
{
    struct outcome outcomes[2];
    char bytes[200];

    memset(bytes, '\x91', sizeof bytes);
    struct speech speech = {.bytes = bytes, .size = sizeof bytes, .bit = SIZE_MAX};
    provoke(&speech, outcomes);
    cr_assert(outcomes[0].status == -EBADMSG && outcomes[1].status == -EBADMSG);
}

/* A method of every kind of result gets an answer of every kind: a result or -EPROTO. */
Test(hostile, answers_of_every_kind_to_every_kind_of_call)
{
    static const char *const results[] = {
        "\xc3",          "\x05",         "\xff", "\xcb\x7f\xf0\0\0\0\0\0\0",
        "\xa1x",         "\xc4\x01",     "\x90", "\x91\xc0",
        "\x92\x01\x02",  "\x92\xc3\x01", "\x80", "\x81\xa1x\xc0",
        "\x92\xa1x\xc0", "\x92\x01\x80", "\xc0",
    };
    static const size_t sizes[] = {1, 1, 1, 9, 2, 3, 1, 2, 3, 3, 1, 4, 4, 3, 1};
    struct peer_reply reply = {.error = NULL};
    struct sockd_bytes bytes;
    struct sockd_address address;
    const struct sockd_value *value;
    const char *text;
    uint64_t id, other;
    int64_t number;
    size_t count;
    bool flag;
    int small;

    open_to(peer_reply, &reply);
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        reply.result = i == 5 ? "\xc4\x01x" : results[i];
        reply.size = sizes[i];
        const int statuses[] = {
            sockd_close(client, 1),
            sockd_readable(client, 1, 1, &flag),
            sockd_errno(client, 1, &number),
            sockd_send(client, 1, "x", 1, 0, 1, &count),
            sockd_error(client, 1, &text),
            sockd_wait(client, 1, 1, &small),
            sockd_read(client, 1, 1, 1, &bytes),
            sockd_recv(client, 1, 1, 0, 1, &bytes, &flag),
            sockd_recvfrom(client, 1, 1, 0, 1, &bytes, &address),
            sockd_linger(client, 1, 1, 1, &flag, &small),
            sockd_socket(client, 1, 1, 0, &id),
            sockd_socketpair(client, 1, 1, 0, &id, &other),
            sockd_accept(client, 1, 1, &id, &address),
            sockd_name(client, 1, &address),
            sockd_info(client, 1, &value),
            sockd_find(client, "x", &id),
        };
        for (size_t j = 0; j < sizeof statuses / sizeof statuses[0]; j++)
            cr_assert(statuses[j] == 0 || statuses[j] == -EPROTO, "call %zu, answer %zu: %d", j, i,
                      statuses[j]);
    }
    end();
}

/* Talks without end and never answers. */
static void chatter(int fd, void *context)
{
    struct peer_request request;

    (void)context;
    if (!peer_receive(fd, &request))
        return;
    peer_request_free(&request);
    while (send(fd, "\x93\x02\xa1x\x90", 5, MSG_NOSIGNAL) == 5) {}
}

Test(hostile, chatter_does_not_outlast_a_deadline)
{
    open_to(chatter, NULL);
    sockd_set_deadline(client, 0.01);
    cr_assert_eq(sockd_ping(client, NULL), -ETIMEDOUT);
    end();
}

Test(hostile, chatter_does_not_outlast_an_interrupt)
{
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "", 1), 1);
    open_to(chatter, NULL);
    sockd_set_interrupt(client, ends[0]);
    cr_assert_eq(sockd_ping(client, NULL), -EINTR);
    end();
    close(ends[0]);
    close(ends[1]);
}

Test(hostile, chatter_does_not_keep_the_loop)
{
    struct outcome outcome = {.calls = 0};

    open_to(chatter, NULL);
    cr_assert_eq(sockd_submit_ping(client, record, &outcome, NULL), 0);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(sockd_process(client), 0);
    end();
    cr_assert_eq(outcome.calls, 1);
}
