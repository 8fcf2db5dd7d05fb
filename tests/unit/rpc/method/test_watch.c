/* sockd.watch over a real connection. */
#include "fixture.h"

#include "rpc/peer.h"

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

Test(watch, events_by_name_by_array_and_with_commas)
{
    start(NULL);
    cr_assert(client_true(client, "sockd.watch", "is", handle, "writable"));
    expect_event(client, handle, "writable");
    cr_assert(client_true(client, "sockd.watch", "i[ss]", handle, "readable", "writable"));
    expect_event(client, handle, "writable");
    say("x");
    expect_event(client, handle, "readable");
    cr_assert(client_true(client, "sockd.watch", "is", handle, "readable,eof"));
    expect_event(client, handle, "readable");
    shutdown(outside, SHUT_WR);
    expect_event(client, handle, "eof");
    stop();
}

Test(watch, readable_tells_how_many_bytes)
{
    struct view bytes;
    const char *event;
    size_t size;
    int64_t count;
    start(NULL);
    say("hello");
    cr_assert(client_true(client, "sockd.watch", "is", handle, "readable"));
    struct view rest = client_told(client, "sockd.event", handle);
    cr_assert(view_str(&rest, &event, &size));
    cr_assert(view_find(rest, "bytes", &bytes) && view_int(&bytes, &count));
    cr_assert_eq(count, 5);
    stop();
}

Test(watch, an_error_says_which)
{
    struct view name;
    const char *text;
    size_t size;
    start(NULL);
    cr_assert(client_true(client, "sockd.watch", "is", handle, "error,eof"));
    struct linger now = {.l_onoff = 1};
    setsockopt(outside, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(outside);
    outside = -1;
    struct view rest = client_told(client, "sockd.event", handle);
    cr_assert(view_str(&rest, &text, &size) && size == 5 && memcmp(text, "error", 5) == 0);
    cr_assert(view_find(rest, "name", &name) && view_str(&name, &text, &size));
    cr_assert(size == 10 && memcmp(text, "ECONNRESET", size) == 0);
    client_fails(client, "ECONNRESET", "sysread", "i", handle);
    stop();
}

Test(watch, ends_by_nil_by_an_empty_array_and_by_an_empty_name)
{
    start(NULL);
    for (int i = 0; i < 3; i++) {
        cr_assert(client_true(client, "sockd.watch", "is", handle, "readable"));
        switch (i) {
        case 0:
            cr_assert(client_true(client, "sockd.watch", "i", handle));
            break;
        case 1:
            cr_assert(client_true(client, "sockd.watch", "i[]", handle));
            break;
        default:
            cr_assert(client_true(client, "sockd.watch", "is", handle, ""));
        }
        cr_assert(client_true(client, "sockd.watch", "in", handle), "twice is fine");
    }
    say("x");
    client_text(client, "pong", "sockd.ping", "");
    stop();
}

Test(watch, close_is_the_last)
{
    start(NULL);
    cr_assert(client_true(client, "sockd.watch", "is", handle, "close,readable"));
    struct client *other = client_new(&fixture);
    cr_assert(client_true(other, "close", "i", handle));
    expect_event(client, handle, "close");
    client_text(client, "pong", "sockd.ping", "");
    cr_assert_eq(
        list_empty(
            &CONTAINER_OF(list_first(&fixture.rpc->peers), struct peer, link)->subscriptions.all),
        true);
    client_free(other);
    stop();
}

Test(watch, wrong_events_and_sockets)
{
    start(NULL);
    client_fails(client, "EINVAL", "sockd.watch", "is", handle, "nonsense");
    client_fails(client, "EINVAL", "sockd.watch", "is", handle, "readable,");
    client_fails(client, "EINVAL", "sockd.watch", "is", handle, "readable,,eof");
    client_fails(client, "EINVAL", "sockd.watch", "i[si]", handle, "readable", (int64_t)1);
    client_fails(client, "EINVAL", "sockd.watch", "ii", handle, (int64_t)3);
    client_fails(client, "EBADF", "sockd.watch", "is", (int64_t)4711, "readable");
    client_text(client, "pong", "sockd.ping", "");
    stop();
}

/* The client does not read: the same news again and again are held once. */
Test(watch, news_gather_while_the_client_does_not_read)
{
    start(&(struct rpc_config){.max_output = 16 << 10});
    cr_assert(client_true(client, "sockd.watch", "is", handle, "readable,close"));
    int small = 4096;
    setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    struct client *other = client_new(&fixture);
    size_t most = 0;
    for (int i = 0; i < 5000; i++) {
        say("x");
        client_request(other, "sysread", "i", handle);
        struct message answer;
        cr_assert(client_next(other, &answer));
        most = fixture_stats(&fixture).bytes > most ? fixture_stats(&fixture).bytes : most;
    }
    cr_assert_lt(most, 128 << 10);
    cr_assert(client_true(other, "close", "i", handle));
    size_t events = 0;
    for (bool closed = false; !closed; events++) {
        struct view rest = client_told(client, "sockd.event", handle);
        const char *name;
        size_t size;
        cr_assert(view_str(&rest, &name, &size));
        closed = size == 5 && memcmp(name, "close", 5) == 0;
    }
    cr_assert_lt(events, 5000, "%zu", events);
    client_free(other);
    stop();
}

Test(watch, memory_of_many_is_charged_and_comes_back)
{
    start(&(struct rpc_config){.quota.most[QUOTA_BYTES] = 64 << 10});
    int64_t handles[1000], made = 0;
    size_t before = fixture_stats(&fixture).bytes;
    for (; made < 1000; made++) {
        handles[made] = client_int(client, "socket", "ss", "AF_INET", "SOCK_DGRAM");
        uint32_t request = client_request(client, "sockd.watch", "is", handles[made], "close");
        struct message answer = client_answer(client, request);
        if (*error_name(&answer)) {
            cr_assert_str_eq(error_name(&answer), "EDQUOT");
            cr_assert(is_refused(&answer));
            break;
        }
    }
    cr_assert(made > 10 && made < 1000, "%d", (int)made);
    cr_assert_gt(fixture_stats(&fixture).bytes, before + 10000);
    for (int64_t i = 0; i < made; i++)
        cr_assert(client_true(client, "sockd.watch", "i", handles[i]));
    cr_assert_leq(fixture_stats(&fixture).bytes, before);
    stop();
}

Test(watch, a_full_quota_keeps_no_event_back)
{
    start(&(struct rpc_config){.quota.most[QUOTA_BYTES] = 16 << 10});
    cr_assert(client_true(client, "sockd.watch", "is", handle, "readable,eof"));
    struct client *other = client_new(&fixture);
    for (bool full = false; !full;) {
        int64_t more = client_int(other, "socket", "ss", "AF_INET", "SOCK_DGRAM");
        uint32_t request = client_request(other, "sockd.watch", "is", more, "close");
        struct message answer = client_answer(other, request);
        full = *error_name(&answer) != 0;
    }
    say("x");
    shutdown(outside, SHUT_WR);
    expect_event(client, handle, "readable");
    expect_event(client, handle, "eof");
    client_free(other);
    stop();
}

Test(watch, one_that_only_listens_goes_on_hearing)
{
    start(NULL);
    cr_assert(client_true(client, "sockd.watch", "is", handle, "readable"));
    shutdown(client->fd, SHUT_WR);
    fixture_spin(&fixture);
    say("x");
    expect_event(client, handle, "readable");
    stop();
}

Test(watch, a_named_socket_that_never_was_announced)
{
    start(NULL);
    int port, listener = outside_listen(&port);
    client_notify(client, "tcp_connect", "si{ss}", "127.0.0.1", (int64_t)port, "name", "x");
    client_request(client, "sockd.watch", "ss", "x", "close,writable");
    client_request(client, "sockd.watch", "is", handle, "close");
    client_free(client);
    client = client_new(&fixture);
    fixture_spin(&fixture);
    close(listener);
    stop();
}
