/* The calls on a socket that never wait, and what is known about it. */
#include "net_peers.h"

#include "harness/harness.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

TestSuite(sock_calls, .init = fixture_up, .fini = fixture_down);

static struct sock *fresh(int domain, int type)
{
    struct sock *sock;
    cr_assert_eq(sock_new(net, domain, type, 0, 0, &sock), 0);
    return sock;
}

Test(sock_calls, states)
{
    struct address at;
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_str_eq(sock_state(sock), "unconnected");
    cr_assert_eq(address_parse(&at, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(sock_bind(sock, &at), 0);
    cr_assert_str_eq(sock_state(sock), "bound");
    cr_assert_eq(sock_listen(sock, 1), 0);
    cr_assert_str_eq(sock_state(sock), "listening");
    sock_unref(sock);
    sock = fresh(AF_UNIX, SOCK_DGRAM);
    cr_assert_str_eq(sock_state(sock), "unconnected");
    cr_assert_eq(address_parse(&at, AF_UNIX, "unix/", fixture_path("d")), 0);
    cr_assert_eq(sock_bind(sock, &at), 0);
    cr_assert_str_eq(sock_state(sock), "bound");
    sock_unref(sock);
    unlink(at.un.sun_path);
}

Test(sock_calls, failures_are_its_last_error)
{
    struct address at, peer;
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(address_parse(&at, AF_INET, "192.0.2.1", "0"), 0);
    cr_assert_eq(sock_bind(sock, &at), -EADDRNOTAVAIL);
    cr_assert_eq(sock_errno(sock), EADDRNOTAVAIL);
    cr_assert_eq(sock_name(sock, &at), 0);
    cr_assert_eq(sock_errno(sock), EADDRNOTAVAIL, "a look-up that succeeds leaves it alone");
    cr_assert_eq(sock_peer(sock, &peer), -ENOTCONN);
    cr_assert_eq(sock_errno(sock), ENOTCONN);
    cr_assert_eq(sock_shutdown(sock, SHUT_WR), -ENOTCONN);
    cr_assert_eq(sock_shutdown(sock, 17), -EINVAL);
    cr_assert_eq(sock_errno(sock), EINVAL);
    sock_unref(sock);
    sock = fresh(AF_INET, SOCK_DGRAM);
    cr_assert_eq(sock_listen(sock, 1), -EOPNOTSUPP);
    cr_assert_eq(sock_errno(sock), EOPNOTSUPP);
    cr_assert_not(sock_is_listener(sock));
    sock_unref(sock);
}

Test(sock_calls, a_bound_socket_knows_its_name)
{
    struct address at, found;
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(address_parse(&at, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(sock_bind(sock, &at), 0);
    cr_assert_eq(sock_name(sock, &found), 0);
    cr_assert_eq(ntohs(found.in.sin_port), harness_port(sock_fd(sock)));
    sock_unref(sock);
}

STREAM_TEST(sock_calls, shutdown_of_reading_ends_a_waiting_read)
{
    struct act act;
    act_read(&act, pair->sock, 1, NULL);
    act_start(&act, INFINITY);
    cr_assert_eq(sock_shutdown(pair->sock, SHUT_RD), 0);
    cr_assert_not(act.ended);
    cr_assert_eq(act_end(&act), 0);
    cr_assert(act.eof);
}

STREAM_TEST(sock_calls, shutdown_of_writing_is_the_peers_end)
{
    struct act act;
    char byte;
    cr_assert_eq(sock_shutdown(pair->sock, SHUT_WR), 0);
    while (pair_peek(pair, &byte, 1) == -EAGAIN)
        fixture_run_rounds(1);
    cr_assert_eq(pair_peek(pair, &byte, 1), 0);
    pair_say_text(pair, "back");
    act_read(&act, pair->sock, 4, NULL);
    act_run(&act, 1);
    act_expect_text(&act, "back");
}

STREAM_TEST(sock_calls, what_went_through_is_counted)
{
    struct act act;
    struct sock_counters counters;
    struct net_stats before = fixture_stats();
    pair_say_text(pair, "line\nrest");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    act_write(&act, pair->sock, "four", 4);
    act_run(&act, 1);
    act_read(&act, pair->sock, 10, NULL);
    act_start(&act, INFINITY);
    sock_counters(pair->sock, &counters);
    cr_assert_eq(counters.bytes_in, 9);
    cr_assert_eq(counters.bytes_out, 4);
    cr_assert_eq(counters.read_ahead, 4);
    cr_assert_eq(counters.waiting, 1);
    cr_assert_leq(counters.created, counters.used);
    cr_assert_leq(counters.used, time(NULL));
    cr_assert_geq(counters.used, time(NULL) - 60);
    cr_assert_eq(fixture_stats().bytes_in - before.bytes_in, 9);
    cr_assert_eq(fixture_stats().bytes_out - before.bytes_out, 4);
    act_abort(&act);
}

STREAM_TEST(sock_calls, an_idle_one_holds_no_memory)
{
    struct act act;
    pair_say_text(pair, "line\n");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    cr_assert_eq(fixture_stats().bytes, 0);
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_start(&act, INFINITY);
    cr_assert_eq(fixture_stats().bytes, 0);
    pair_say_text(pair, "par");
    fixture_run_rounds(3);
    cr_assert_eq(fixture_stats().bytes, 4096, "a part of a line needs one small block");
    act_abort(&act);
}
