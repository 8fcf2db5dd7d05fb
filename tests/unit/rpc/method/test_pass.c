/* sockd.take and sockd.give, as far as no descriptor is on its way; the rest is tested from
 * outside. */
#include "fixture.h"

#include "net/sock_private.h"

#include <string.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;

static void start(void)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
}

static void stop(void)
{
    client_free(client);
    fixture_stop(&fixture);
}

static void hello(void)
{
    struct message answer =
        client_answer(client, client_request(client, "sockd.hello", "{st}", "fds"));
    cr_assert_str_eq(error_name(&answer), "");
}

Test(method_pass, who_cannot_receive_a_descriptor_takes_nothing)
{
    start();
    int64_t handle = client_int(client, "socket", "ssi", "AF_INET", "SOCK_STREAM", 0);
    client_fails(client, "EINVAL", "sockd.take", "i", handle);
    client_fails(client, "EBADF", "sockd.take", "i", (int64_t)9999);
    cr_assert_not_null(net_find(fixture.net, (uint64_t)handle));
    client_true(client, "close", "i", handle);
    stop();
}

Test(method_pass, a_notification_takes_nothing)
{
    start();
    hello();
    int64_t handle = client_int(client, "socket", "ssi", "AF_INET", "SOCK_STREAM", 0);
    client_notify(client, "sockd.take", "i", handle);
    client_text(client, "pong", "sockd.ping", "");
    cr_assert_not_null(net_find(fixture.net, (uint64_t)handle));
    client_true(client, "close", "i", handle);
    stop();
}

Test(method_pass, what_is_taken_is_told_and_gone)
{
    int outside;
    struct view value;
    const char *data;
    size_t size;
    start();
    hello();
    int64_t handle = outside_pair(client, &outside);
    struct sock *sock = net_find(fixture.net, (uint64_t)handle);
    cr_assert_eq(sock_unread(sock, "ahead", 5), 0);
    sock->in_error = -ECONNRESET;
    struct message answer =
        client_answer(client, client_request(client, "sockd.take", "i", handle));
    cr_assert(view_find(answer.result, "data", &value) && view_bytes(&value, &data, &size));
    cr_assert(size == 5 && memcmp(data, "ahead", 5) == 0);
    cr_assert_eq(error_number(&answer, "errno"), ECONNRESET);
    cr_assert_null(net_find(fixture.net, (uint64_t)handle));
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
    close(outside);
    stop();
}

Test(method_pass, nothing_given_is_an_error)
{
    start();
    client_fails(client, "EINVAL", "sockd.give", "");
    client_fails(client, "EINVAL", "sockd.give", "{ss}", "share", "all");
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
    stop();
}
