/* Parameters: what the typed functions put on the wire, and what they refuse to. */
#include "client/core.h"

#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct sockd_client *client;
static struct peer peer;
static struct peer_reply reply = PEER_REPLY("\xc3");

static void start(void)
{
    peer_start(&peer, 1, peer_reply, &reply);
    cr_assert_eq(sockd_open(NULL, &client), 0);
}

static void stop(void)
{
    sockd_disconnect(client);
    peer_stop(&peer);
}

TestSuite(call, .init = start, .fini = stop);

/* The call came to the daemon in that form; its result does not matter here. */
static void expect(int result, const char *method, const char *params)
{
    cr_assert(result == 0 || result == -EPROTO);
    cr_assert_str_eq(reply.method, method);
    cr_assert_str_eq(reply.params, params);
}

Test(call, handles_hosts_ports_and_timeouts)
{
    expect(sockd_tcp_connect(client, "h", 80, 0.5, NULL), "tcp_connect",
           "a16850cb3fe0000000000000");
    expect(sockd_tcp_connect(client, "h", SOCKD_DEFAULT, SOCKD_FOREVER, NULL), "tcp_connect",
           "a168c0c0");
    expect(sockd_tcp_connect_unix(client, "/p", 3, NULL), "tcp_connect", "a5756e69782fa22f7003");
    expect(sockd_bind(client, 7, NULL, 0), "bind", "070000");
    expect(sockd_bind_unix(client, 7, "/p"), "bind", "07a5756e69782fa22f70");
    expect(sockd_tcp_server(client, NULL, 0, NULL, SOCKD_FOREVER, NULL, NULL), "tcp_server",
           "0000c0c0");
    expect(sockd_tcp_server(client, NULL, 0, "f", -1, NULL, NULL), "tcp_server", "0000a166ff");
    expect(sockd_close(client, UINT32_MAX), "close", "ceffffffff");
}

Test(call, a_timeout_that_is_an_option)
{
    expect(sockd_accept(client, 7, 2, NULL, NULL), "accept", "0781a774696d656f757402");
    expect(sockd_accept(client, 7, SOCKD_FOREVER, NULL, NULL), "accept", "0781a774696d656f7574c0");
    expect(sockd_sysread(client, 7, 10, 0, NULL), "sysread", "070a81a774696d656f757400");
}

Test(call, data_sizes_and_flags)
{
    expect(sockd_write(client, 7, "\0\xff", 2, SOCKD_FOREVER, NULL), "write", "07c40200ffc0");
    expect(sockd_send(client, 7, "", 0, MSG_DONTWAIT, SOCKD_FOREVER, NULL), "send",
           "07c4004081a774696d656f7574c0");
    expect(sockd_recv(client, 7, SOCKD_NO_LIMIT, SOCKD_DEFAULT, SOCKD_FOREVER, NULL, NULL), "recv",
           "07c0c081a774696d656f7574c0");
    expect(sockd_listen(client, 7, SOCKD_DEFAULT), "listen", "07c0");
    expect(sockd_nonblock(client, 7, 1, NULL), "nonblock", "07c3");
    expect(sockd_nonblock(client, 7, SOCKD_DEFAULT, NULL), "nonblock", "07c0");
    expect(sockd_socket(client, AF_INET, SOCK_STREAM, 0, NULL), "socket", "020100");
    expect(sockd_cancel(client, 300), "sockd.cancel", "cd012c");
}

Test(call, read_and_read_until)
{
    expect(sockd_read(client, 7, 10, SOCKD_FOREVER, NULL), "read", "070ac0");
    expect(sockd_read_until(client, 7, "\n", 1, SOCKD_NO_LIMIT, 1, NULL), "read",
           "0781a964656c696d69746572c4010a01");
    expect(sockd_read_until(client, 7, "\n", 1, 5, 1, NULL), "read",
           "0782a964656c696d69746572c4010aa56c696d69740501");
}

Test(call, values_of_the_callers_own)
{
    struct sockd_args *args = sockd_args_new();

    expect(sockd_list(client, NULL, NULL), "sockd.list", "c0");
    expect(sockd_eval(client, "x", NULL, NULL), "sockd.eval", "a178");
    sockd_args_map(args, 0);
    expect(sockd_list(client, args, NULL), "sockd.list", "80");
    sockd_args_int(args, 1);
    expect(sockd_eval(client, "x", args, NULL), "sockd.eval", "a1788001");
    cr_assert_eq(sockd_list(client, args, NULL), -EINVAL, "two values for one");
    sockd_args_array(args, 1);
    cr_assert_eq(sockd_list(client, args, NULL), -EINVAL);
    cr_assert_eq(sockd_eval(client, "x", args, NULL), -EINVAL);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_LIBRARY);
    sockd_args_free(args);
}

/* What cannot be sent is taken back whole: the next call finds a clean connection. */
Test(call, what_is_refused_here_never_reaches_the_daemon)
{
    char *data = calloc(1, SOCKD_DATA_MAX + 1);
    struct sockd_args *args = sockd_args_new();

    cr_assert_eq(sockd_write(client, 7, data, SOCKD_DATA_MAX + 1, 1, NULL), -EMSGSIZE);
    cr_assert_eq(sockd_read(client, 7, 1, NAN, NULL), -EINVAL);
    sockd_args_bytes(args, data, SOCKD_DATA_MAX);
    sockd_args_bytes(args, data, 60000);
    cr_assert_eq(sockd_eval(client, data, args, NULL), 0);
    sockd_args_clear(args);
    sockd_args_bytes(args, data, SOCKD_DATA_MAX);
    sockd_args_bytes(args, data, 65520);
    cr_assert_eq(sockd_eval(client, data, args, NULL), -EMSGSIZE);
    int before = reply.requests;
    cr_assert_eq(sockd_close(client, 7), 0);
    cr_assert_eq(reply.requests, before + 1);
    cr_assert_str_eq(reply.params, "07");
    sockd_args_free(args);
    free(data);
}

Test(call, as_much_data_as_one_call_may_carry)
{
    char *data = calloc(1, SOCKD_DATA_MAX);

    reply.result = "\xce\x01\x00\x00\x00";
    reply.size = 5;
    size_t sent = 0;
    cr_assert_eq(sockd_write(client, 7, data, SOCKD_DATA_MAX, 1, &sent), 0);
    cr_assert_eq(sent, SOCKD_DATA_MAX);
    free(data);
}
