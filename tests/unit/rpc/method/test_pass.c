/* sockd.take and sockd.give, as far as no descriptor is on its way; the rest is tested from
 * outside. */
#include "fixture.h"

#include "net/sock_private.h"

#include <string.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;

static void start_with(const struct rpc_config *config)
{
    fixture_start(&fixture, config, NULL, NULL);
    client = client_new(&fixture);
}

static void start(void)
{
    start_with(NULL);
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

static void take_to_be_confirmed(int64_t handle, uint32_t *msgid)
{
    *msgid = client_request(client, "sockd.take", "i", handle);
    struct message answer = client_answer(client, *msgid);
    cr_assert_str_eq(error_name(&answer), "");
    cr_assert_null(net_find(fixture.net, (uint64_t)handle), "it is lent");
}

static void hello_to_confirm(void)
{
    struct message answer =
        client_answer(client, client_request(client, "sockd.hello", "{stst}", "fds", "confirm"));
    cr_assert_str_eq(error_name(&answer), "");
}

Test(method_pass, a_confirmation_that_comes_late_finds_the_socket_with_the_daemon)
{
    struct rpc_config config = {.take_timeout = 0.05};
    uint32_t msgid;
    start_with(&config);
    hello_to_confirm();
    int64_t handle = client_int(client, "socket", "ssi", "AF_INET", "SOCK_STREAM", 0);
    take_to_be_confirmed(handle, &msgid);
    UNTIL(&fixture, net_find(fixture.net, (uint64_t)handle) != NULL);
    client_fails(client, "ENOENT", "sockd.taken", "i", (int64_t)msgid);
    cr_assert_not_null(net_find(fixture.net, (uint64_t)handle));
    take_to_be_confirmed(handle, &msgid);
    client_true(client, "sockd.taken", "i", (int64_t)msgid);
    client_fails(client, "EBADF", "close", "i", handle);
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
    stop();
}

Test(method_pass, whoever_no_longer_confirms_is_no_longer_waited_for)
{
    uint32_t msgid;
    start();
    hello_to_confirm();
    client_answer(client, client_request(client, "sockd.hello", "{sf}", "confirm"));
    int64_t handle = client_int(client, "socket", "ssi", "AF_INET", "SOCK_STREAM", 0);
    take_to_be_confirmed(handle, &msgid);
    client_fails(client, "ENOENT", "sockd.taken", "i", (int64_t)msgid);
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
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
