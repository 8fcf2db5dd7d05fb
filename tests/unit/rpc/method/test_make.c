/* socket, tcp_connect, tcp_server, accept. */
#include "fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;

/* What the hooks were last told, and what they answer. */
static struct {
    char text[64], name[64];
    bool source;
    uid_t owner;
    int result;
} served;

static int on_serve(void *context, struct sock *listener, const struct rpc_handler *handler,
                    struct rpc_reason *reason)
{
    cr_assert_eq(context, &served);
    cr_assert(sock_is_listener(listener));
    snprintf(served.text, sizeof served.text, "%.*s", (int)handler->text_size, handler->text);
    snprintf(served.name, sizeof served.name, "%.*s", (int)handler->name_size,
             handler->name ? handler->name : "");
    served.source = handler->source;
    served.owner = handler->owner;
    if (served.result < 0)
        snprintf(reason->text, sizeof reason->text, "no such thing");
    return served.result;
}

static void start(void)
{
    struct rpc_hooks hooks = {.serve = on_serve};
    fixture_start(&fixture, NULL, &hooks, &served);
    client = client_new(&fixture);
}

static void stop(void)
{
    client_free(client);
    fixture_stop(&fixture);
}

static bool refused(struct client *who, uint32_t msgid)
{
    struct message answer = client_answer(who, msgid);
    return strcmp(error_name(&answer), "EPERM") == 0 && is_refused(&answer);
}

Test(method_make, sockets_of_all_kinds_and_of_none)
{
    start();
    client_int(client, "socket", "sss", "AF_INET6", "SOCK_DGRAM", "udp");
    client_int(client, "socket", "ii", (int64_t)AF_UNIX, (int64_t)SOCK_STREAM);
    client_fails(client, "EINVAL", "socket", "ss", "AF_NOTHING", "SOCK_STREAM");
    client_fails(client, "EINVAL", "socket", "ss", "AF_INET", "SOCK_NOTHING");
    client_fails(client, "EPROTOTYPE", "socket", "sss", "AF_INET", "SOCK_STREAM", "nothing");
    client_fails(client, "EINVAL", "socket", "s", "AF_INET");
    stop();
}

Test(method_make, connecting_by_address_name_and_url)
{
    int port;
    char url[64];
    start();
    int listening = outside_listen(&port);
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port);
    client_int(client, "tcp_connect", "si", "127.0.0.1", (int64_t)port);
    client_int(client, "tcp_connect", "s", url);
    client_int(client, "tcp_connect", "si{sdss}", "localhost", (int64_t)port, "timeout", 5.0,
               "name", "byname");
    cr_assert_eq(client_int(client, "errno", "s", "byname"), 0);
    client_fails(client, "EEXIST", "tcp_connect", "si{ss}", "localhost", (int64_t)port, "name",
                 "byname");
    close(listening);
    client_fails(client, "ECONNREFUSED", "tcp_connect", "si", "127.0.0.1", (int64_t)port);
    stop();
}

Test(method_make, two_that_want_one_name_at_a_time)
{
    int port;
    start();
    int listening = outside_listen(&port);
    uint32_t one =
        client_request(client, "tcp_connect", "si{ss}", "localhost", (int64_t)port, "name", "same");
    uint32_t two =
        client_request(client, "tcp_connect", "si{ss}", "localhost", (int64_t)port, "name", "same");
    int good = 0;
    for (int i = 0; i < 2; i++) {
        struct message answer;
        cr_assert(client_next(client, &answer));
        cr_assert(answer.msgid == one || answer.msgid == two);
        good += error_name(&answer)[0] == 0;
    }
    cr_assert_eq(good, 1);
    struct net_stats stats;
    net_stats(fixture.net, &stats);
    cr_assert_eq(stats.sockets, 1);
    close(listening);
    stop();
}

Test(method_make, a_failed_look_up_has_its_own_names)
{
    start();
    struct message answer = client_answer(
        client, client_request(client, "tcp_connect", "ss", "127.0.0.1", "no-such-service"));
    cr_assert_str_eq(error_name(&answer), "EAI_SERVICE");
    cr_assert_eq(error_number(&answer, "errno"), EIO);
    stop();
}

Test(method_make, a_server_without_a_handler_queues)
{
    start();
    struct message answer =
        client_answer(client, client_request(client, "tcp_server", "si", "127.0.0.1", (int64_t)0));
    uint32_t count;
    int64_t server;
    cr_assert_str_eq(error_name(&answer), "");
    cr_assert(view_array(&answer.result, &count) && count == 2);
    cr_assert(view_int(&answer.result, &server));
    int64_t port = error_number(&(struct message){.result = answer.result}, "port");
    cr_assert_gt(port, 0);
    uint32_t accept = client_request(client, "accept", "i{ss}", server, "name", "conn");
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    uint32_t connect = client_request(client, "tcp_connect", "si", "127.0.0.1", port);
    for (int answers = 0; answers < 2; answers++) { /* in either order */
        cr_assert(client_next(client, &answer));
        cr_assert(answer.msgid == accept || answer.msgid == connect);
        cr_assert_str_eq(error_name(&answer), "");
    }
    cr_assert_eq(client_int(client, "errno", "s", "conn"), 0);
    client_fails(client, "ETIMEDOUT", "accept", "i{sd}", server, "timeout", 0.01);
    client_fails(client, "EINVAL", "accept", "s{}", "conn");
    stop();
}

Test(method_make, handlers_by_name_source_and_map)
{
    start();
    client_int(client, "tcp_server", "sis", "127.0.0.1", (int64_t)0, "http.serve_2");
    cr_assert_str_eq(served.text, "http.serve_2");
    cr_assert_not(served.source);
    client_int(client, "tcp_server", "sis", "127.0.0.1", (int64_t)0, "local s = ... s:close()");
    cr_assert(served.source);
    client_int(client, "tcp_server", "si{ssss}", "localhost", (int64_t)0, "handler", "echo", "name",
               "my server");
    cr_assert_str_eq(served.text, "echo");
    cr_assert_str_eq(served.name, "my server");
    cr_assert_eq(served.owner, geteuid());
    served.result = -ENOENT;
    uint32_t failing = client_request(client, "tcp_server", "sis", "127.0.0.1", (int64_t)0, "gone");
    struct message answer = client_answer(client, failing);
    cr_assert_str_eq(error_name(&answer), "ENOENT");
    struct net_stats stats;
    net_stats(fixture.net, &stats);
    cr_assert_eq(stats.sockets, 3, "the listener of a handler that failed is still open");
    stop();
}

Test(method_make, without_a_runtime_there_are_no_handlers)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
    client_fails(client, "ENOSYS", "tcp_server", "sis", "127.0.0.1", (int64_t)0, "echo");
    stop();
}

Test(method_make, what_lends_the_daemons_rights_is_refused_to_others)
{
    start();
    struct client *other = client_new_as(&fixture, 1001);
    cr_assert(refused(other, client_request(other, "socket", "ss", "AF_INET", "SOCK_RAW")));
    cr_assert(refused(other, client_request(other, "socket", "is", (int64_t)17, "SOCK_DGRAM")));
    cr_assert(refused(other, client_request(other, "tcp_connect", "ss", "unix/", "/tmp/x")));
    cr_assert(refused(other, client_request(other, "tcp_connect", "s", "unix/:/tmp/x")));
    cr_assert(refused(other, client_request(other, "tcp_server", "ss", "unix/", "/tmp/x")));
    cr_assert(refused(other, client_request(other, "tcp_server", "si", "127.0.0.1", (int64_t)80)));
    cr_assert(refused(other, client_request(other, "tcp_server", "ss", "127.0.0.1", "http")));
    cr_assert(refused(
        other, client_request(other, "tcp_server", "sis", "127.0.0.1", (int64_t)0, "return 1")));
    client_int(other, "tcp_server", "sis", "127.0.0.1", (int64_t)0, "echo");
    int64_t handle = client_int(other, "socket", "ss", "AF_UNIX", "SOCK_STREAM");
    cr_assert(refused(other, client_request(other, "bind", "iss", handle, "unix/", "@x")));
    cr_assert(refused(other, client_request(other, "sysconnect", "iss", handle, "unix/", "@x")));
    int64_t tcp = client_int(other, "socket", "ss", "AF_INET", "SOCK_STREAM");
    cr_assert(refused(other, client_request(other, "bind", "isi", tcp, "127.0.0.1", (int64_t)80)));
    client_free(other);
    stop();
}

/* ---- answers that nobody gets ---- */

static size_t open_sockets(void)
{
    struct net_stats stats;
    net_stats(fixture.net, &stats);
    return stats.sockets;
}

Test(method_make, a_socket_that_its_client_never_heard_of_is_closed)
{
    start();
    struct client *gone = client_new(&fixture);
    client_request(gone, "socket", "ss", "AF_INET", "SOCK_STREAM");
    client_free(gone);
    client_text(client, "pong", "sockd.ping", "");
    UNTIL(&fixture, fixture_stats(&fixture).connected == 2);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 1);
    cr_assert_eq(fixture_stats(&fixture).served, 2);
    cr_assert_eq(open_sockets(), 0);
    stop();
}

Test(method_make, a_connection_that_nobody_heard_of_goes_to_the_next_accept)
{
    start();
    int64_t server = client_int(client, "tcp_server", "si", "127.0.0.1", (int64_t)0);
    struct message answer = client_answer(client, client_request(client, "name", "i", server));
    int64_t port = error_number(&answer, "port");
    struct client *gone = client_new(&fixture);
    client_request(gone, "accept", "i{ss}", server, "name", "lost");
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    /* The connection arrives in the same round in which its client goes. */
    int64_t one = client_int(client, "socket", "ss", "AF_INET", "SOCK_STREAM");
    client_request(client, "sysconnect", "isi", one, "127.0.0.1", port);
    client_free(gone);
    cr_assert(client_next(client, &answer));
    UNTIL(&fixture, fixture_stats(&fixture).clients == 1);
    int64_t two = client_int(client, "accept", "i{ss}", server, "name", "lost");
    cr_assert_eq(client_int(client, "write", "is", one, "x"), 1);
    expect_bytes(client, client_request(client, "sysread", "i", two), "x", 1);
    stop();
}

Test(method_make, a_connection_whose_answer_did_not_go_out_goes_to_the_next_accept)
{
    start();
    int64_t server = client_int(client, "tcp_server", "si", "127.0.0.1", (int64_t)0);
    struct message answer = client_answer(client, client_request(client, "name", "i", server));
    int64_t one =
        client_int(client, "tcp_connect", "si", "127.0.0.1", error_number(&answer, "port"));
    struct client *gone = client_new(&fixture);
    for (int i = 0; i < 60; i++)
        client_request(gone, "sockd.api", "");
    client_request(gone, "accept", "i{ss}", server, "name", "lost");
    client_request(gone, "socket", "ss", "AF_INET", "SOCK_STREAM");
    UNTIL(&fixture, open_sockets() == 4);
    client_free(gone);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 1);
    int64_t two = client_int(client, "accept", "i{ss}", server, "name", "lost");
    cr_assert_eq(open_sockets(), 3);
    cr_assert_eq(client_int(client, "write", "is", one, "x"), 1);
    expect_bytes(client, client_request(client, "sysread", "i", two), "x", 1);
    stop();
}

Test(method_make, a_notification_makes_a_socket_too)
{
    start();
    client_notify(client, "socket", "ss{ss}", "AF_INET", "SOCK_STREAM", "name", "silent");
    cr_assert_eq(client_int(client, "errno", "s", "silent"), 0);
    cr_assert(client_true(client, "close", "s", "silent"));
    stop();
}
