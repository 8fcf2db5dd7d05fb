/* sockd.trace over a real connection. */
#include "fixture.h"

#include "rpc/subscription.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client, *tracer;
static int64_t handle;
static int outside;

static void start(const struct rpc_config *config)
{
    fixture_start(&fixture, config, NULL, NULL);
    client = client_new(&fixture);
    handle = outside_pair(client, &outside);
    tracer = client_new(&fixture);
    cr_assert(client_true(tracer, "sockd.trace", "it", handle));
}

static void stop(void)
{
    client_free(client);
    client_free(tracer);
    close(outside);
    fixture_stop(&fixture);
}

struct seen {
    bool in;
    double time;
    const char *data;
    size_t size;
    int64_t lost;
};

/* The next notification; valid until the one after it. */
static struct seen next_seen(void)
{
    struct seen seen;
    const char *direction;
    size_t size;
    struct view rest = client_told(tracer, "sockd.trace", handle);
    cr_assert(view_str(&rest, &direction, &size));
    seen.in = size == 2 && memcmp(direction, "in", 2) == 0;
    cr_assert(seen.in || (size == 3 && memcmp(direction, "out", 3) == 0));
    cr_assert(view_double(&rest, &seen.time));
    cr_assert(view_bytes(&rest, &seen.data, &seen.size));
    cr_assert(view_int(&rest, &seen.lost));
    return seen;
}

static void expect_seen(bool in, const char *text)
{
    struct seen seen = next_seen();
    cr_assert_eq(seen.in, in);
    cr_assert(seen.size == strlen(text) && memcmp(seen.data, text, seen.size) == 0);
    cr_assert_eq(seen.lost, 0);
    cr_assert_lt(seen.time - (double)time(NULL), 5);
    cr_assert_gt(seen.time - (double)time(NULL), -60);
}

Test(trace, both_directions_are_shown_and_nothing_is_taken)
{
    start(NULL);
    cr_assert_eq(client_int(client, "write", "ib", handle, "out", (size_t)3), 3);
    expect_seen(false, "out");
    cr_assert_eq(send(outside, "in\nmore", 7, 0), 7);
    expect_bytes(client, client_request(client, "read", "is", handle, "\n"), "in\n", 3);
    expect_seen(true, "in\nmore");
    expect_bytes(client, client_request(client, "sysread", "i", handle), "more", 4);
    cr_assert(client_true(tracer, "sockd.trace", "it", handle), "twice is once");
    cr_assert_eq(client_int(client, "write", "ib", handle, "x", (size_t)1), 1);
    expect_seen(false, "x");
    cr_assert(client_true(tracer, "sockd.trace", "if", handle));
    cr_assert(client_true(tracer, "sockd.trace", "if", handle));
    cr_assert_eq(client_int(client, "write", "ib", handle, "y", (size_t)1), 1);
    client_text(tracer, "pong", "sockd.ping", "");
    stop();
}

Test(trace, of_a_stream_to_somebody_else)
{
    start(NULL);
    cr_assert(client_true(client, "sockd.stream", "ii", handle, (int64_t)100));
    cr_assert_eq(send(outside, "abc", 3, 0), 3);
    (void)client_told(client, "sockd.data", handle);
    expect_seen(true, "abc");
    stop();
}

/* The tracer does not read: the socket is as fast as ever, and what was not shown is counted. */
Test(trace, a_tracer_that_does_not_read_loses_and_is_told_how_much)
{
    enum { SIZE = 4 << 20 };
    static char data[SIZE], got[1 << 16];
    start(&(struct rpc_config){.max_output = 128 << 10});
    uint32_t write = client_request(client, "write", "ib", handle, data, (size_t)SIZE);
    for (size_t at = 0; at < SIZE;) {
        ssize_t count = recv(outside, got, sizeof got, MSG_DONTWAIT);
        at += count > 0 ? (size_t)count : 0;
        fixture_spin(&fixture);
    }
    struct message answer = client_answer(client, write);
    cr_assert_str_eq(error_name(&answer), "");
    cr_assert_lt(fixture_stats(&fixture).bytes, 1 << 20);
    size_t shown = 0, lost = 0;
    while (shown + lost < SIZE) {
        struct seen seen = next_seen();
        shown += seen.size;
        lost += (size_t)seen.lost;
    }
    cr_assert_eq(shown + lost, SIZE);
    cr_assert_gt(lost, 0);
    cr_assert_gt(shown, 100000);
    stop();
}

Test(trace, ends_with_the_socket)
{
    start(NULL);
    cr_assert(client_true(client, "close", "i", handle));
    client_text(tracer, "pong", "sockd.ping", "");
    client_fails(tracer, "EBADF", "sockd.trace", "if", handle);
    client_fails(tracer, "EINVAL", "sockd.trace", "ii", handle, (int64_t)1);
    stop();
}
