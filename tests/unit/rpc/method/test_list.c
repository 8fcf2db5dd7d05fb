/* sockd.list and sockd.info. */
#include "fixture.h"

#include <string.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;

static const char *on_handler_name(void *context, const struct sock *listener)
{
    (void)context;
    return sock_is_listener(listener) ? "echo" : NULL;
}

static void start(void)
{
    struct rpc_hooks hooks = {.handler_name = on_handler_name};
    fixture_start(&fixture, NULL, &hooks, NULL);
    client = client_new(&fixture);
}

static void stop(void)
{
    client_free(client);
    fixture_stop(&fixture);
}

static uint32_t listed(struct client *who, uint32_t msgid)
{
    uint32_t count = UINT32_MAX;
    struct message answer = client_answer(who, msgid);
    cr_assert_str_eq(error_name(&answer), "");
    cr_assert(view_array(&answer.result, &count));
    return count;
}

static void expect_text(const struct message *answer, const char *key, const char *expected)
{
    struct view value;
    const char *text;
    size_t size;
    cr_assert(view_find(answer->result, key, &value) && view_str(&value, &text, &size), "%s", key);
    cr_assert(size == strlen(expected) && memcmp(text, expected, size) == 0, "%s: %.*s", key,
              (int)size, text);
}

Test(method_list, a_socket_is_described)
{
    int outside;
    start();
    int64_t handle = outside_pair(client, &outside);
    cr_assert_eq(client_int(client, "write", "is", handle, "four"), 4);
    uint32_t read = client_request(client, "read", "is", handle, "\n");
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    cr_assert_eq(write(outside, "part", 4), 4);
    fixture_spin(&fixture);
    struct message answer =
        client_answer(client, client_request(client, "sockd.info", "i", handle));
    cr_assert_eq(error_number(&answer, "id"), handle);
    cr_assert_eq(error_number(&answer, "owner"), geteuid());
    expect_text(&answer, "domain", "AF_INET");
    expect_text(&answer, "type", "SOCK_STREAM");
    expect_text(&answer, "state", "connected");
    cr_assert_eq(error_number(&answer, "bytes_out"), 4);
    cr_assert_eq(error_number(&answer, "bytes_in"), 4);
    cr_assert_eq(error_number(&answer, "read_ahead"), 4);
    cr_assert_eq(error_number(&answer, "waiting"), 1);
    cr_assert_gt(error_number(&answer, "created"), 1600000000);
    cr_assert_eq(write(outside, "\n", 1), 1);
    expect_bytes(client, read, "part\n", 5);
    close(outside);
    stop();
}

Test(method_list, looking_leaves_the_last_error_alone)
{
    start();
    int64_t handle = client_int(client, "socket", "ss", "AF_INET", "SOCK_STREAM");
    client_fails(client, "ENOTCONN", "shutdown", "i", handle);
    cr_assert_eq(listed(client, client_request(client, "sockd.list", "")), 1);
    cr_assert_eq(client_int(client, "errno", "i", handle), ENOTCONN);
    stop();
}

Test(method_list, filters_narrow_it)
{
    start();
    int64_t one = client_int(client, "socket", "ss{ss}", "AF_INET", "SOCK_STREAM", "name", "one");
    client_int(client, "socket", "ss", "AF_UNIX", "SOCK_DGRAM");
    client_int(client, "tcp_server", "si", "127.0.0.1", (int64_t)0);
    static const struct {
        const char *key, *value;
        uint32_t count;
    } cases[] = {{"name", "one", 1},         {"name", "two", 0},     {"domain", "AF_INET", 2},
                 {"type", "SOCK_DGRAM", 1},  {"handler", "echo", 1}, {"state", "listening", 1},
                 {"state", "unconnected", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(listed(client, client_request(client, "sockd.list", "{ss}", cases[i].key,
                                                   cases[i].value)),
                     cases[i].count, "%s %s", cases[i].key, cases[i].value);
    cr_assert_eq(listed(client, client_request(client, "sockd.list", "{}")), 3);
    cr_assert_eq(listed(client, client_request(client, "sockd.list", "{si}", "after", one)), 2);
    cr_assert_eq(listed(client, client_request(client, "sockd.list", "{si}", "most", (int64_t)2)),
                 2);
    cr_assert_eq(listed(client, client_request(client, "sockd.list", "{si}", "owner",
                                               (int64_t)geteuid() + 1)),
                 0);
    client_fails(client, "EINVAL", "sockd.list", "{ss}", "nothing", "x");
    client_fails(client, "EINVAL", "sockd.list", "{si}", "name", (int64_t)1);
    client_fails(client, "EINVAL", "sockd.list", "{si}", "after", (int64_t)-1);
    stop();
}

Test(method_list, others_sockets_are_the_administrators_to_see)
{
    start();
    struct client *other = client_new_as(&fixture, 1001);
    client_int(client, "socket", "ss", "AF_INET", "SOCK_STREAM");
    int64_t handle = client_int(other, "socket", "ss", "AF_INET", "SOCK_STREAM");
    cr_assert_eq(listed(client, client_request(client, "sockd.list", "")), 2);
    cr_assert_eq(listed(other, client_request(other, "sockd.list", "")), 1);
    client_fails(other, "EPERM", "sockd.info", "i", handle - 1);
    client_free(other);
    stop();
}
