/* sockd.stream and sockd.credit over a real connection. */
#include "fixture.h"

#include "rpc/subscription.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;
static int64_t handle;
static int outside;

static void start(const struct rpc_config *config)
{
    fixture_start(&fixture, config, NULL, NULL);
    client = client_new(&fixture);
    handle = outside_pair(client, &outside);
}

static void stop(void)
{
    client_free(client);
    close(outside);
    fixture_stop(&fixture);
}

static void say(const char *text)
{
    cr_assert_eq(send(outside, text, strlen(text), 0), (ssize_t)strlen(text));
}

/* The next piece, which must begin there: its bytes, valid until the next message; NULL for the
 * end. `*rest` stands behind. */
static const char *next_piece(struct client *from, int64_t offset, size_t *size, struct view *rest)
{
    const char *data = NULL;
    int64_t at;
    enum view_type type;
    *rest = client_told(from, "sockd.data", handle);
    cr_assert(view_int(rest, &at));
    cr_assert_eq(at, offset);
    cr_assert(view_peek(rest, &type));
    if (type == VIEW_NIL) {
        cr_assert(view_skip(rest));
        return NULL;
    }
    cr_assert_eq(type, VIEW_BIN);
    cr_assert(view_bytes(rest, &data, size));
    cr_assert_gt(*size, 0);
    return data;
}

/* These bytes come, in pieces. */
static void expect_data(int64_t offset, const char *text)
{
    size_t size;
    struct view rest;
    for (size_t done = 0; done < strlen(text); done += size) {
        const char *data = next_piece(client, offset + (int64_t)done, &size, &rest);
        cr_assert_not_null(data);
        cr_assert(size <= strlen(text) - done && memcmp(data, text + done, size) == 0, "%.*s",
                  (int)size, data);
    }
}

/* The end comes, with the error of that name, or "". */
static void expect_end(int64_t offset, const char *error)
{
    struct view rest, found;
    const char *name = "";
    size_t size = 0;
    cr_assert_null(next_piece(client, offset, &size, &rest));
    if (view_left(&rest) > 0)
        cr_assert(view_find(rest, "name", &found) && view_str(&found, &name, &size));
    cr_assert(size == strlen(error) && memcmp(name, error, size) == 0, "%.*s", (int)size, name);
}

Test(stream, what_comes_is_sent_within_its_credit)
{
    start(NULL);
    say("one ");
    cr_assert(client_true(client, "sockd.stream", "ii", handle, (int64_t)6));
    expect_data(0, "one ");
    say("two three");
    expect_data(4, "tw");
    client_text(client, "pong", "sockd.ping", "");
    cr_assert(client_true(client, "sockd.credit", "ii", handle, (int64_t)100));
    expect_data(6, "o three");
    shutdown(outside, SHUT_WR);
    expect_end(13, "");
    expect_bytes(client, client_request(client, "sysread", "i", handle), "", 0);
    client_fails(client, "ENOENT", "sockd.credit", "ii", handle, (int64_t)1);
    stop();
}

Test(stream, without_credit_only_the_end_is_told)
{
    start(NULL);
    cr_assert(client_true(client, "sockd.stream", "ii", handle, (int64_t)0));
    shutdown(outside, SHUT_WR);
    expect_end(0, "");
    stop();
}

Test(stream, nil_ends_it_and_leaves_the_rest)
{
    start(NULL);
    say("abcdef");
    cr_assert(client_true(client, "sockd.stream", "ii", handle, (int64_t)3));
    expect_data(0, "abc");
    cr_assert(client_true(client, "sockd.stream", "in", handle));
    expect_bytes(client, client_request(client, "sysread", "i", handle), "def", 3);
    cr_assert(client_true(client, "sockd.stream", "i", handle), "twice is fine");
    say("more");
    cr_assert(client_true(client, "sockd.stream", "ii", handle, (int64_t)9));
    expect_data(0, "more");
    stop();
}

Test(stream, other_readers_wait_for_its_end)
{
    start(NULL);
    struct client *other = client_new(&fixture);
    cr_assert(client_true(client, "sockd.stream", "ii", handle, (int64_t)3));
    uint32_t read = client_request(other, "read", "ii", handle, (int64_t)3);
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    client_fails(client, "ETIMEDOUT", "read", "iid", handle, (int64_t)1, 0.01);
    say("abcdef");
    expect_data(0, "abc");
    cr_assert(client_true(client, "sockd.stream", "i", handle));
    expect_bytes(other, read, "def", 3);
    client_free(other);
    stop();
}

Test(stream, errors_end_it)
{
    start(NULL);
    cr_assert(client_true(client, "sockd.stream", "ii", handle, (int64_t)100));
    say("last");
    expect_data(0, "last");
    struct linger now = {.l_onoff = 1};
    setsockopt(outside, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(outside);
    outside = -1;
    expect_end(4, "ECONNRESET");
    stop();
}

Test(stream, closing_the_socket_ends_it)
{
    start(NULL);
    cr_assert(client_true(client, "sockd.stream", "ii", handle, (int64_t)100));
    struct client *other = client_new(&fixture);
    cr_assert(client_true(other, "close", "i", handle));
    expect_end(0, "EBADF");
    client_free(other);
    stop();
}

Test(stream, wrong_uses)
{
    start(NULL);
    client_fails(client, "ENOENT", "sockd.credit", "ii", handle, (int64_t)1);
    client_fails(client, "EINVAL", "sockd.stream", "ii", handle, (int64_t)-1);
    client_fails(client, "EINVAL", "sockd.stream", "is", handle, "10");
    client_fails(client, "EINVAL", "sockd.stream", "id", handle, 1e300);
    client_fails(client, "EBADF", "sockd.stream", "ii", (int64_t)4711, (int64_t)1);
    cr_assert(client_true(client, "sockd.stream", "ii", handle, INT64_MAX));
    client_fails(client, "EBUSY", "sockd.stream", "ii", handle, (int64_t)1);
    client_fails(client, "EOVERFLOW", "sockd.credit", "ii", handle, (int64_t)1);
    client_fails(client, "EINVAL", "sockd.credit", "ii", handle, (int64_t)-1);
    client_fails(client, "EINVAL", "sockd.credit", "i", handle);
    say("x");
    expect_data(0, "x");
    cr_assert(client_true(client, "sockd.credit", "ii", handle, (int64_t)1));
    int64_t datagram = client_int(client, "socket", "ss", "AF_INET", "SOCK_DGRAM");
    client_fails(client, "EOPNOTSUPP", "sockd.stream", "ii", datagram, (int64_t)1);
    int64_t listener = client_int(client, "socket", "ss", "AF_INET", "SOCK_STREAM");
    cr_assert(client_true(client, "bind", "is", listener, "127.0.0.1"));
    cr_assert(client_true(client, "listen", "i", listener));
    client_fails(client, "EOPNOTSUPP", "sockd.stream", "ii", listener, (int64_t)1);
    stop();
}

/* Bytes that count up, so that each tells its place. */
static void fill(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)((i * 2654435761u) >> 13);
}

enum { MUCH = 3 << 20 };

/* The client reads nothing: its stream holds no more than a window, and what it does not get is
 * the next reader's, from where the kernel's part ends. */
Test(stream, a_client_that_goes_loses_only_what_the_kernel_had)
{
    static uint8_t data[MUCH], got[MUCH];
    fill(data, sizeof data);
    start(NULL);
    cr_assert(client_true(client, "sockd.stream", "ii", handle, INT64_MAX));
    size_t sent = 0;
    for (int idle = 0; sent < MUCH && idle < 100; idle++) {
        ssize_t count = send(outside, data + sent, MUCH - sent, MSG_DONTWAIT);
        if (count > 0) {
            sent += (size_t)count;
            idle = 0;
        }
        fixture_spin(&fixture);
    }
    cr_assert_lt(fixture_stats(&fixture).bytes, 1 << 20);
    uint64_t streamed = 0; /* and left for the kernel, in pieces that were whole */
    struct client *other = client_new(&fixture);
    int left = client->fd;
    char *heard = malloc(1 << 20);
    size_t size = 0;
    for (ssize_t count; (count = recv(left, heard + size, (1 << 20) - size, 0)) > 0;)
        size += (size_t)count;
    close(left);
    client->fd = -1;
    for (size_t at = 0; at < size;) {
        struct scan scan;
        struct message message;
        int64_t number;
        const char *bytes;
        size_t length;
        scan_init(&scan, &scan_default_limits);
        if (scan_step(&scan, heard + at, size - at) != SCAN_WHOLE)
            break;
        cr_assert_eq(message_parse(&message, heard + at, scan.size), 0);
        cr_assert(view_int(&message.params, &number) && view_int(&message.params, &number));
        cr_assert_eq((uint64_t)number, streamed);
        cr_assert(view_bytes(&message.params, &bytes, &length));
        cr_assert_eq(memcmp(bytes, data + streamed, length), 0);
        streamed += length;
        at += scan.size;
    }
    cr_assert_gt(streamed, 100000);
    free(heard);
    for (size_t at = streamed; at < MUCH;) {
        if (sent < MUCH) {
            ssize_t count = send(outside, data + sent, MUCH - sent, MSG_DONTWAIT);
            sent += count > 0 ? (size_t)count : 0;
        }
        struct message answer = client_answer(other, client_request(other, "sysread", "i", handle));
        const char *bytes;
        size_t length;
        cr_assert(view_bytes(&answer.result, &bytes, &length));
        memcpy(got + at, bytes, length);
        at += length;
    }
    cr_assert_eq(memcmp(got + streamed, data + streamed, MUCH - streamed), 0);
    client_free(other);
    stop();
}

/* Each of two gets its part of a connection that both fill. */
Test(stream, two_streams_of_one_client_share_its_output)
{
    static uint8_t data[1 << 20];
    start(NULL);
    int other_outside;
    int64_t other = outside_pair(client, &other_outside);
    cr_assert(client_true(client, "sockd.stream", "ii", handle, INT64_MAX));
    cr_assert(client_true(client, "sockd.stream", "ii", other, INT64_MAX));
    size_t count[2] = {0};
    for (int pieces = 0; pieces < 60; pieces++) {
        (void)!send(outside, data, sizeof data, MSG_DONTWAIT);
        (void)!send(other_outside, data, sizeof data, MSG_DONTWAIT);
        struct message message;
        int64_t about;
        cr_assert(client_next(client, &message));
        cr_assert(view_int(&message.params, &about));
        count[about == other]++;
    }
    cr_assert(count[0] >= 15 && count[1] >= 15, "%zu and %zu", count[0], count[1]);
    close(other_outside);
    stop();
}

Test(stream, a_full_quota_slows_it_and_does_not_stop_it)
{
    static uint8_t data[200000];
    fill(data, sizeof data);
    start(&(struct rpc_config){.quota.most[QUOTA_BYTES] = 16 << 10});
    cr_assert(client_true(client, "sockd.stream", "ii", handle, INT64_MAX));
    size_t sent = 0;
    for (size_t at = 0; at < sizeof data;) {
        size_t size;
        struct view rest;
        ssize_t count = send(outside, data + sent, sizeof data - sent, MSG_DONTWAIT);
        sent += count > 0 ? (size_t)count : 0;
        const char *bytes = next_piece(client, (int64_t)at, &size, &rest);
        cr_assert_eq(memcmp(bytes, data + at, size), 0);
        cr_assert_leq(fixture_stats(&fixture).bytes, 64 << 10);
        at += size;
    }
    stop();
}

Test(stream, draining_the_server_ends_it)
{
    start(NULL);
    cr_assert(client_true(client, "sockd.stream", "ii", handle, INT64_MAX));
    say("x");
    expect_data(0, "x");
    rpc_drain(fixture.rpc, LOOP_NEVER, NULL, NULL);
    struct message message;
    cr_assert_not(client_next(client, &message));
    stop();
}
