/* tcp_connect: from whatever names a place to a connection, past addresses that do not answer. */
#include "name/fake_names.h"
#include "net_peers.h"

#include "net/net_private.h"
#include "util/error.h"

#include <arpa/inet.h>
#include <math.h>
#include <netdb.h>
#include <stdio.h>

static struct sock *listener; /* at 127.0.0.1 */
static struct address at;
static char port[16];

static void setup(void)
{
    fixture_up();
    listener = fixture_listener(&at);
    snprintf(port, sizeof port, "%d", ntohs(at.in.sin_port));
}

static void teardown(void)
{
    names_release();
    sock_unref(listener);
    fixture_down();
}

TestSuite(tcp_connect, .init = setup, .fini = teardown);

/* Is it connected to the listener? */
static void reaches(const char *host, const char *to)
{
    struct act act, accepted;
    struct address name;
    act_tcp_connect(&act, host, to);
    cr_assert_eq(act_run(&act, 10), 0, "%s: %s", host, strerror(-act.status));
    cr_assert_str_eq(sock_state(act.sock), "connected");
    cr_assert_eq(sock_name(act.sock, &name), 0);
    act_accept(&accepted, listener);
    cr_assert_eq(act_run(&accepted, 1), 0);
    cr_assert_eq(accepted.from.length, name.length);
    if (name.family == AF_INET)
        cr_assert_eq(accepted.from.in.sin_port, name.in.sin_port);
    sock_unref(accepted.sock);
    sock_unref(act.sock);
    cr_assert_eq(fixture_stats().sockets, 1, "an attempt was left");
}

static void fails(const char *host, const char *to, int status)
{
    struct act act;
    act_tcp_connect(&act, host, to);
    cr_assert_eq(act_run(&act, INFINITY), status, "%s: %d", host, act.status);
    cr_assert_eq(fixture_stats().sockets, 1, "an attempt was left");
}

Test(tcp_connect, to_an_address)
{
    reaches("127.0.0.1", port);
    cr_assert_eq(names_begun(), 0);
}

Test(tcp_connect, to_a_name)
{
    reaches("localhost", port);
}

Test(tcp_connect, to_urls)
{
    char url[64];
    snprintf(url, sizeof url, "tcp://127.0.0.1:%s", port);
    reaches(url, NULL);
    snprintf(url, sizeof url, "localhost:%s", port);
    reaches(url, NULL);
}

static void listen_at_path(const char *path)
{
    struct address to;
    sock_unref(listener);
    cr_assert_eq(address_parse(&to, AF_UNIX, "unix/", path), 0);
    cr_assert_eq(sock_new_listener(net, &to, 0, 0, &listener), 0);
}

Test(tcp_connect, to_a_path)
{
    char url[192];
    const char *path = fixture_path("s");
    listen_at_path(path);
    reaches("unix/", path);
    snprintf(url, sizeof url, "unix/:%s", path);
    reaches(url, NULL);
}

Test(tcp_connect, to_an_ipv6_address)
{
    struct address to;
    char url[64], port6[16];
    cr_assert_eq(address_parse(&to, AF_INET6, "::1", "0"), 0);
    sock_unref(listener);
    cr_assert_eq(sock_new_listener(net, &to, 0, 0, &listener), 0);
    cr_assert_eq(sock_name(listener, &to), 0);
    snprintf(port6, sizeof port6, "%d", ntohs(to.in6.sin6_port));
    reaches("::1", port6);
    reaches("[::1]", port6);
    snprintf(url, sizeof url, "[::1]:%s", port6);
    reaches(url, NULL);
}

Test(tcp_connect, the_owner_is_who_asked)
{
    struct act act = {.kind = ACT_MADE};
    op_tcp_connect(&act.op, net, 1234, "127.0.0.1", port);
    cr_assert_eq(act_run(&act, 1), 0);
    cr_assert_eq(sock_owner(act.sock), 1234);
    cr_assert_not(sock_nonblock(act.sock));
    sock_unref(act.sock);
}

Test(tcp_connect, a_socket_that_was_not_taken_closes)
{
    struct act act;
    act_tcp_connect(&act, "127.0.0.1", port);
    act.decline = true;
    cr_assert_eq(act_run(&act, 1), 0);
    cr_assert_eq(fixture_stats().sockets, 1);
}

/* ---- what cannot be ---- */

Test(tcp_connect, to_what_is_no_place)
{
    fails("127.0.0.1", NULL, -EINVAL);
    fails("http://127.0.0.1:80", NULL, -EINVAL);
    fails("::1:80", NULL, -EINVAL);
    fails("", NULL, -EINVAL);
    fails("unix/", "", -EINVAL);
    fails("127.0.0.1", "no-such-service", error_from_eai(EAI_SERVICE));
    fails("none.test", port, error_from_eai(EAI_NONAME));
}

Test(tcp_connect, to_a_path_that_is_too_long)
{
    char path[200];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    fails("unix/", path, -ENOBUFS);
}

Test(tcp_connect, to_a_path_where_nobody_listens)
{
    fails("unix/", fixture_path("none"), -ENOENT);
}

Test(tcp_connect, at_the_limit_of_sockets)
{
    struct act act;
    sock_unref(listener);
    fixture_configure(&(struct net_config){.max_sockets = 1});
    listener = fixture_listener(&at);
    snprintf(port, sizeof port, "%d", ntohs(at.in.sin_port));
    act_tcp_connect(&act, "127.0.0.1", port);
    cr_assert_eq(act_run(&act, INFINITY), -EMFILE);
}

/* ---- several addresses ---- */

Test(tcp_connect, refused_by_all)
{
    struct address dead;
    char nobody[16];
    int fd = fixture_dead_port(&dead, nobody);
    names_add("dead.test", "127.0.0.1 127.0.0.2 ::1 127.0.0.3");
    fails("dead.test", nobody, -ECONNREFUSED);
    fails("127.0.0.1", nobody, -ECONNREFUSED);
    close(fd);
}

Test(tcp_connect, the_first_address_dead_the_second_alive)
{
    uint64_t start = loop_now();
    names_add("half.test", "127.0.0.2 127.0.0.1");
    reaches("half.test", port);
    cr_assert_lt(loop_now() - start, 5 * LOOP_SECOND);
}

Test(tcp_connect, only_the_last_of_many_alive)
{
    names_add("last.test", "::1 127.0.0.2 127.0.0.3 127.0.0.4 ::1 127.0.0.5 127.0.0.1");
    reaches("last.test", port);
}

/* More addresses than are tried. */
Test(tcp_connect, a_name_with_too_many_addresses)
{
    static char addresses[600];
    for (int i = 0; i < 20; i++)
        strcat(addresses, "127.0.0.2 ");
    strcat(addresses, "127.0.0.2");
    names_add("many.test", addresses);
    fails("many.test", port, -ECONNREFUSED);
}

/* An address of 127/8 at which connections neither succeed nor fail, and its port. */
struct hole {
    int listener, fds[16], count;
};

static void hole_open(struct hole *hole, const char *host, const char *on)
{
    struct address to;
    *hole = (struct hole){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    cr_assert_eq(address_parse(&to, AF_INET, host, on), 0);
    cr_assert_eq(bind(hole->listener, &to.any, to.length), 0);
    cr_assert_eq(listen(hole->listener, 0), 0);
    struct sockaddr_storage peer;
    socklen_t length;
    do {
        hole->fds[hole->count] = fixture_dial(&to);
        length = sizeof peer;
    } while (getpeername(hole->fds[hole->count++], (struct sockaddr *)&peer, &length) == 0 &&
             hole->count < 16);
    cr_assert_lt(hole->count, 16, "it answers");
}

static void hole_close(struct hole *hole)
{
    for (int i = 0; i < hole->count; i++)
        close(hole->fds[i]);
    close(hole->listener);
}

Test(tcp_connect, the_next_begins_when_the_first_does_not_answer)
{
    struct hole hole;
    uint64_t start = loop_now();
    hole_open(&hole, "127.0.0.2", port);
    names_add("hole.test", "127.0.0.2 127.0.0.1");
    reaches("hole.test", port);
    cr_assert_geq(loop_now() - start, LOOP_SECOND / 5, "it had no head start");
    hole_close(&hole);
}

Test(tcp_connect, a_refusal_lets_the_next_begin_at_once_while_another_hangs)
{
    struct hole hole;
    hole_open(&hole, "127.0.0.2", port);
    names_add("mixed.test", "127.0.0.2 127.0.0.3 127.0.0.1");
    reaches("mixed.test", port);
    hole_close(&hole);
}

/* ---- its end ---- */

Test(tcp_connect, the_deadline_covers_the_attempts)
{
    struct hole hole;
    struct act act;
    hole_open(&hole, "127.0.0.2", port);
    act_tcp_connect(&act, "127.0.0.2", port);
    cr_assert_eq(act_run(&act, 0.02), -ETIMEDOUT);
    cr_assert_eq(fixture_stats().sockets, 1);
    hole_close(&hole);
}

Test(tcp_connect, the_deadline_covers_the_look_up)
{
    struct act act;
    names_hold();
    act_tcp_connect(&act, "slow.test", port);
    cr_assert_eq(act_run(&act, 0.02), -ETIMEDOUT);
}

Test(tcp_connect, with_no_time_tries_once)
{
    struct act act;
    act_tcp_connect(&act, "127.0.0.1", port);
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, -ETIMEDOUT);
    cr_assert_eq(fixture_stats().sockets, 1);
}

Test(tcp_connect, cancelled_while_it_connects)
{
    struct hole hole;
    struct act act;
    hole_open(&hole, "127.0.0.2", port);
    act_tcp_connect(&act, "127.0.0.2", port);
    act_start(&act, INFINITY);
    act_cancel(&act, -ECANCELED);
    cr_assert_eq(act_end(&act), -ECANCELED);
    cr_assert_eq(fixture_stats().sockets, 1);
    hole_close(&hole);
}

Test(tcp_connect, cancelled_while_it_looks_up)
{
    struct act act;
    names_hold();
    act_tcp_connect(&act, "slow.test", port);
    act_start(&act, INFINITY);
    act_cancel(&act, -ECANCELED);
    cr_assert_eq(act_end(&act), -ECANCELED);
}

Test(tcp_connect, taken_back_at_any_time)
{
    struct hole hole;
    struct act connecting, resolving, fresh;
    hole_open(&hole, "127.0.0.2", port);
    names_hold();
    act_tcp_connect(&connecting, "127.0.0.2", port);
    act_tcp_connect(&resolving, "slow.test", port);
    act_tcp_connect(&fresh, "127.0.0.2", port);
    act_start(&connecting, INFINITY);
    act_start(&resolving, INFINITY);
    act_abort(&connecting);
    act_abort(&resolving);
    act_abort(&fresh);
    cr_assert_eq(fixture_stats().sockets, 1);
    cr_assert_eq(fixture_stats().operations, 0);
    hole_close(&hole);
}

/* A sweep at the end of the program closes the sockets of attempts that nobody else knows. */
Test(tcp_connect, its_attempts_socket_is_closed_by_others)
{
    struct hole hole;
    struct act act;
    hole_open(&hole, "127.0.0.2", port);
    act_tcp_connect(&act, "127.0.0.2", port);
    act_start(&act, INFINITY);
    net_close_all(net);
    cr_assert_eq(act_end(&act), -EBADF);
    hole_close(&hole);
}

static struct act *victim;

static void cancel_victim(struct act *act)
{
    (void)act;
    act_cancel(victim, -ECANCELED);
}

/* The attempt succeeds in the round in which the whole was cancelled. */
Test(tcp_connect, a_connection_that_comes_too_late_is_not_left)
{
    struct pair pair;
    struct act reader, act;
    pair_open(&pair, PAIR_UNIX);
    act_read(&reader, pair.sock, 1, NULL);
    act_start(&reader, INFINITY);
    fixture_run_rounds(2);
    reader.then = cancel_victim;
    reader.go_on = true;
    victim = &act;
    pair_say_text(&pair, "x");
    act_tcp_connect(&act, "127.0.0.1", port);
    act_start(&act, INFINITY);
    cr_assert_eq(act_end(&act), -ECANCELED);
    pair_close(&pair);
    cr_assert_eq(fixture_stats().sockets, 1);
}
