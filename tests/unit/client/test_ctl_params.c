/* Parameters from the command line: every type, options, defaults, and complaints. */
#include "client/ctl/params.h"

#include "peer.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct peer peer;
static struct peer_reply reply = PEER_REPLY("\xc0");

static void start(void)
{
    peer_start(&peer, 1000, peer_reply, &reply);
}

static void stop(void)
{
    peer_stop(&peer);
}

TestSuite(ctl_params, .init = start, .fini = stop);

/* The command line came to the daemon as that call. */
static void calls(const struct shell *shell, const char *method, const char *params)
{
    cr_assert_neq(shell->status, 2, "%s", shell->err);
    cr_assert_str_eq(reply.method, method);
    cr_assert_str_eq(reply.params, params);
}

Test(ctl_params, handles)
{
    calls(shell_run("close", "7", NULL), "close", "07");
    calls(shell_run("close", "web", NULL), "close", "a3776562");
    calls(shell_run("close", "--h", "8", NULL), "close", "08");
}

Test(ctl_params, hosts_and_ports)
{
    calls(shell_run("connect", "h", "80", NULL), "tcp_connect", "a16850c0");
    calls(shell_run("connect", "h", "http", NULL), "tcp_connect", "a168a468747470c0");
    calls(shell_run("connect", "tcp://h:1", NULL), "tcp_connect", "a97463703a2f2f683a31c0c0");
    calls(shell_run("connect", "unix/", "80", "--daemon-path", NULL), "tcp_connect",
          "a5756e69782fa23830c0");
    calls(shell_run("bind", "7", "0", "0", NULL), "bind", "070000");
    calls(shell_run("server", "h", "0", "f", NULL), "tcp_server", "a16800a166c0");
}

Test(ctl_params, timeouts)
{
    calls(shell_run("connect", "h", "80", "2", NULL), "tcp_connect", "a16850cb4000000000000000");
    calls(shell_run("connect", "h", "80", "2", "--timeout", "4", NULL), "tcp_connect",
          "a16850cb4010000000000000");
    calls(shell_run("accept", "7", "--timeout", "4", NULL), "accept",
          "0781a774696d656f7574cb4010000000000000");
    calls(shell_run("--timeout", "inf", "readable", "7", NULL), "readable", "07c0");
    calls(shell_run("--timeout", "-1", "readable", "7", NULL), "readable", "07cbbff0000000000000");
}

Test(ctl_params, names)
{
    calls(shell_run("connect", "h", "80", "--name", "web", NULL), "tcp_connect",
          "a16850c081a46e616d65a3776562");
    calls(shell_run("accept", "7", "--name", "web", "--timeout", "4", NULL), "accept",
          "0782a774696d656f7574cb4010000000000000a46e616d65a3776562");
}

Test(ctl_params, settings)
{
    calls(shell_run("set", "7", "--name", "", "--ttl", "2", NULL), "sockd.set",
          "0782a46e616d65a0a374746ccb4000000000000000");
    calls(shell_run("set", "7", "--ttl", "inf", NULL), "sockd.set", "0781a374746cc0");
    calls(shell_run("socketpair", "AF_UNIX", "SOCK_STREAM", "--share", "group", "--lifetime",
                    "client", NULL),
          "socketpair",
          "a741465f554e4958ab534f434b5f53545245414dc082a57368617265a567726f7570a86c69666574696d65a6"
          "636c69656e74");
    cr_assert_eq(shell_run("set", "7", "--share", "all", NULL)->status, 2);
    cr_assert_eq(shell_run("set", "7", "--ttl", "0", NULL)->status, 2);
    cr_assert_eq(shell_run("set", "7", "--ttl", "soon", NULL)->status, 2);
    cr_assert_eq(shell_run("close", "7", "--ttl", "1", NULL)->status, 2);
}

Test(ctl_params, numbers_symbols_and_flags)
{
    calls(shell_run("socket", "AF_INET", "1", NULL), "socket", "a741465f494e455401c0");
    calls(shell_run("recv", "7", "10", "MSG_PEEK", NULL), "recv", "070aa84d53475f5045454b");
    calls(shell_run("recv", "7", "--flags", "A,B|C", NULL), "recv", "07c093a141a142a143");
    calls(shell_run("recv", "7", "10", "2", NULL), "recv", "070a02");
    calls(shell_run("listen", "7", "5", NULL), "listen", "0705");
    calls(shell_run("cancel", "9", NULL), "sockd.cancel", "09");
    calls(shell_run("nonblock", "7", "true", NULL), "nonblock", "07c3");
    calls(shell_run("nonblock", "7", "0", NULL), "nonblock", "07c2");
    calls(shell_run("shutdown", "7", NULL), "shutdown", "07c0");
}

Test(ctl_params, values_services_and_events)
{
    calls(shell_run("setsockopt", "7", "1", "9", "true", NULL), "setsockopt", "070109c3");
    calls(shell_run("setsockopt", "7", "1", "9", "--", "-5", NULL), "setsockopt", "070109fb");
    calls(shell_run("setsockopt", "7", "1", "9", "lo", NULL), "setsockopt", "070109a26c6f");
    calls(shell_run("setsockopt", "7", "1", "9", "[\"a\",\"b\"]", NULL), "setsockopt",
          "07010992a161a162");
    cr_assert_eq(shell_run("setsockopt", "7", "1", "9", "null", NULL)->status, 2);
    calls(shell_run("getaddrinfo", "0", "80", "--flags", "A,B", NULL), "getaddrinfo",
          "0050c0c0c0c092a141a142");
    calls(shell_run("iowait", "7", "rw", NULL), "iowait", "07a27277c0");
    calls(shell_run("iowait", "7", "3", NULL), "iowait", "0703c0");
    cr_assert_eq(shell_run("iowait", "7", "4", NULL)->status, 2);
}

Test(ctl_params, a_timeout_that_is_whole_seconds)
{
    calls(shell_run("linger", "7", "true", "--timeout", "4", NULL), "linger", "07c304");
    calls(shell_run("linger", "7", "true", "4", NULL), "linger", "07c304");
    cr_assert_eq(shell_run("linger", "7", "true", "4.5", NULL)->status, 2);
}

Test(ctl_params, json)
{
    calls(shell_run("list", "{\"owner\":0}", NULL), "sockd.list", "81a56f776e657200");
    calls(shell_run("eval", "x", "1", "[]", NULL), "sockd.eval", "a1780190");
    calls(shell_run("ping", NULL), "sockd.ping", "");
}

Test(ctl_params, what_to_read)
{
    calls(shell_run("read", "7", "10", NULL), "read", "0781a56c696d69740ac0");
    calls(shell_run("read", "7", "\\n", NULL), "read", "0781a964656c696d6974657291c4010ac0");
    calls(shell_run("read", "7", "--limit", "3", NULL), "read", "0781a56c696d697403c0");
    calls(shell_run("read", "7", "--until", "a", "--until", "b", NULL), "read",
          "0781a964656c696d6974657292c40161c40162c0");
    calls(shell_run("read", "7", "--until", "10", NULL), "read",
          "0781a964656c696d6974657291c4023130c0");
    calls(shell_run("read", "7", "10", "--until", "b", NULL), "read",
          "0782a56c696d69740aa964656c696d6974657291c40162c0");
    calls(shell_run("read", "7", "a", "--limit", "1", NULL), "read",
          "0782a56c696d697401a964656c696d6974657291c40161c0");
}

static void is_wrong(const struct shell *shell, const char *message)
{
    char expected[300];

    snprintf(expected, sizeof expected, "sockctl: %s\n", message);
    cr_assert_eq(shell->status, 2);
    cr_assert_eq(strncmp(shell->err, expected, strlen(expected)), 0, "%s", shell->err);
}

Test(ctl_params, complaints)
{
    reply.requests = 0;
    is_wrong(shell_run("close", NULL), "close: h is missing");
    is_wrong(shell_run("close", "1", "2", NULL), "close: too many arguments");
    is_wrong(shell_run("listen", "1", "x", NULL),
             "listen: backlog: expected an integer from -2147483648 to 2147483647, got x");
    is_wrong(shell_run("bind", "1", "h", "70000", NULL),
             "bind: port: expected a port from 0 to 65535, a service's name, or a path, got 70000");
    is_wrong(shell_run("nonblock", "1", "maybe", NULL),
             "nonblock: flag: expected a boolean, got maybe");
    is_wrong(shell_run("connect", "h", "80", "soon", NULL),
             "connect: timeout: expected a number of seconds, got soon");
    is_wrong(shell_run("accept", "7", "--timeout", "soon", NULL),
             "accept: --timeout soon: expected a number of seconds");
    is_wrong(shell_run("ping", "--timeout", "soon", NULL),
             "ping: --timeout soon: expected a number of seconds");
    is_wrong(shell_run("read", "7", NULL), "read: what is missing");
    is_wrong(shell_run("read", "7", "\\q", NULL),
             "read: what: expected a limit, a delimiter, or a map {limit, delimiter}, got \\q");
    is_wrong(shell_run("read", "7", "--limit", "x", NULL),
             "read: what: expected a limit, a delimiter, or a map {limit, delimiter}");
    is_wrong(shell_run("read", "7", "--until", "", NULL),
             "read: delimiter: expected a string that is not empty, or up to 16 of them, got an "
             "array with an empty string");
    is_wrong(shell_run("recv", "7", "99999999", NULL),
             "recv: size: 99999999 is more than the 16777216 bytes that one message carries");
    is_wrong(shell_run("list", "{", NULL),
             "list: {: not JSON: string or '}' expected near end of file");
    is_wrong(shell_run("eval", "x", "{", NULL),
             "eval: {: not JSON: string or '}' expected near end of file");
    is_wrong(
        shell_run("connect", "h", "80", "--name", "1", NULL),
        "connect: name: expected a letter or _, then letters, digits, or any of _.-, got \"1\"");
    cr_assert_eq(reply.requests, 0, "none of them was worth a call");
}
