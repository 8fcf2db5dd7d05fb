/* sysconnect: one address, and its outcome. */
#include "net_peers.h"

#include "net/net_private.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>

TestSuite(connect, .init = fixture_up, .fini = fixture_down);

static struct sock *fresh(int family)
{
    struct sock *sock;
    cr_assert_eq(sock_new(net, family, SOCK_STREAM, 0, 0, &sock), 0);
    return sock;
}

Test(connect, to_a_listener_succeeds)
{
    struct address at, peer;
    struct act act;
    char shown[ADDRESS_STRING_MAX], expected[ADDRESS_STRING_MAX];
    struct sock *listener = fixture_listener(&at), *sock = fresh(AF_INET);
    act_connect(&act, sock, &at);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    cr_assert_eq(sock_peer(sock, &peer), 0);
    cr_assert_str_eq(address_string(&peer, shown), address_string(&at, expected));
    cr_assert_str_eq(sock_state(sock), "connected");
    act_write(&act, sock, "x", 1);
    cr_assert_eq(act_run(&act, 1), 0);
    sock_unref(sock);
    sock_unref(listener);
}

Test(connect, to_nobody_is_refused)
{
    struct address at;
    char port[16];
    struct act act;
    int fd = fixture_dead_port(&at, port);
    struct sock *sock = fresh(AF_INET);
    act_connect(&act, sock, &at);
    cr_assert_eq(act_run(&act, INFINITY), -ECONNREFUSED);
    cr_assert_eq(sock_errno(sock), ECONNREFUSED);
    sock_unref(sock);
    close(fd);
}

/* The socket that was refused is the one that connects once somebody listens. */
Test(connect, after_a_refusal_the_same_socket_connects)
{
    struct address at;
    char port[16];
    struct act act;
    int fd = fixture_dead_port(&at, port);
    struct sock *sock = fresh(AF_INET);
    for (int i = 0; i < 2; i++) {
        act_connect(&act, sock, &at);
        cr_assert_eq(act_run(&act, INFINITY), -ECONNREFUSED);
    }
    cr_assert_eq(listen(fd, 1), 0);
    act_connect(&act, sock, &at);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    sock_unref(sock);
    close(fd);
}

/* A queue of connections that nobody accepts; the next to come waits for ever. Over TCP the kernel
 * drops what it says, over unix it says EAGAIN. */
struct full {
    int listener;
    int fds[64];
    int count;
    struct address at;
};

static bool is_connected(int fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    return getpeername(fd, (struct sockaddr *)&peer, &length) == 0;
}

static void full_open(struct full *full, int family)
{
    *full = (struct full){.listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (family == AF_UNIX)
        cr_assert_eq(address_parse(&full->at, AF_UNIX, "unix/", fixture_path("full")), 0);
    else
        cr_assert_eq(address_parse(&full->at, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(bind(full->listener, &full->at.any, full->at.length), 0);
    cr_assert_eq(listen(full->listener, 0), 0);
    full->at.length = sizeof full->at - offsetof(struct address, any);
    cr_assert_eq(getsockname(full->listener, &full->at.any, &full->at.length), 0);
    while (full->count < 64) {
        int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        int result = connect(fd, &full->at.any, full->at.length);
        full->fds[full->count++] = fd;
        if (result < 0 && !is_connected(fd))
            break;
    }
    cr_assert_lt(full->count, 64);
}

static void full_close(struct full *full)
{
    for (int i = 0; i < full->count; i++)
        close(full->fds[i]);
    close(full->listener);
    if (full->at.family == AF_UNIX)
        cr_assert_eq(unlink(full->at.un.sun_path), 0);
}

static void drain_one(struct full *full)
{
    int fd = accept4(full->listener, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(fd, 0);
    close(fd);
}

Test(connect, to_a_full_queue_times_out)
{
    struct full full;
    struct act act;
    full_open(&full, AF_INET);
    struct sock *sock = fresh(AF_INET);
    act_connect(&act, sock, &full.at);
    cr_assert_eq(act_run(&act, 0.02), -ETIMEDOUT);
    sock_unref(sock);
    full_close(&full);
}

Test(connect, without_blocking_is_in_progress)
{
    struct full full;
    struct act act;
    full_open(&full, AF_INET);
    struct sock *sock = fresh(AF_INET);
    sock_set_nonblock(sock, true);
    act_connect(&act, sock, &full.at);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EINPROGRESS);
    act_connect(&act, sock, &full.at);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EALREADY);
    sock_unref(sock);
    full_close(&full);
}

Test(connect, without_blocking_writable_tells_the_outcome)
{
    struct address at;
    struct act act;
    struct sock *listener = fixture_listener(&at), *sock = fresh(AF_INET);
    sock_set_nonblock(sock, true);
    act_connect(&act, sock, &at);
    act_start(&act, INFINITY);
    cr_assert(act.status == -EINPROGRESS || act.status == 0);
    act_wait(&act, sock, LOOP_WRITE);
    cr_assert_eq(act_run(&act, 1), 0);
    cr_assert_str_eq(sock_state(sock), "connected");
    sock_unref(sock);
    sock_unref(listener);
}

Test(connect, a_cancelled_one_lets_the_socket_close)
{
    struct full full;
    struct act act;
    full_open(&full, AF_INET);
    struct sock *sock = fresh(AF_INET);
    act_connect(&act, sock, &full.at);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    cr_assert_str_eq(sock_state(sock), "connecting");
    fixture_close(sock);
    cr_assert_eq(act_end(&act), -EBADF);
    sock_unref(sock);
    full_close(&full);
}

/* ---- unix ---- */

Test(connect, to_a_unix_socket)
{
    struct address at;
    struct sock *listener, *sock = fresh(AF_UNIX);
    struct act act;
    cr_assert_eq(address_parse(&at, AF_UNIX, "unix/", fixture_path("s")), 0);
    cr_assert_eq(sock_new_listener(net, &at, 0, 0, &listener), 0);
    act_connect(&act, sock, &at);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, 0);
    sock_unref(sock);
    sock_unref(listener);
}

Test(connect, to_a_full_unix_socket_waits_for_room)
{
    struct full full;
    struct act act;
    full_open(&full, AF_UNIX);
    struct sock *sock = fresh(AF_UNIX);
    act_connect(&act, sock, &full.at);
    memset(&full.at.un.sun_path, 0, 4); /* the address was copied */
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    fixture_run_rounds(3);
    cr_assert_not(act.ended);
    drain_one(&full);
    cr_assert_eq(act_end(&act), 0);
    cr_assert_str_eq(sock_state(sock), "connected");
    sock_unref(sock);
    cr_assert_eq(address_parse(&full.at, AF_UNIX, "unix/", fixture_path("full")), 0);
    full_close(&full);
}

Test(connect, to_a_full_unix_socket_times_out)
{
    struct full full;
    struct act act;
    full_open(&full, AF_UNIX);
    struct sock *sock = fresh(AF_UNIX);
    act_connect(&act, sock, &full.at);
    cr_assert_eq(act_run(&act, 0.03), -ETIMEDOUT);
    act_connect(&act, sock, &full.at);
    act_start(&act, INFINITY);
    fixture_close(sock);
    cr_assert_eq(act_end(&act), -EBADF);
    sock_unref(sock);
    full_close(&full);
}

Test(connect, to_a_full_unix_socket_without_blocking_is_eagain)
{
    struct full full;
    struct act act;
    full_open(&full, AF_UNIX);
    struct sock *sock = fresh(AF_UNIX);
    sock_set_nonblock(sock, true);
    act_connect(&act, sock, &full.at);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    sock_unref(sock);
    full_close(&full);
}

Test(connect, to_a_path_without_a_socket_fails)
{
    struct address at;
    struct sock *sock = fresh(AF_UNIX);
    struct act act;
    cr_assert_eq(address_parse(&at, AF_UNIX, "unix/", fixture_path("none")), 0);
    act_connect(&act, sock, &at);
    cr_assert_eq(act_run(&act, INFINITY), -ENOENT);
    sock_unref(sock);
}

/* ---- in the queue ---- */

/* The caller's address is gone when the turn comes. */
static void queue_connect(struct act *act, struct sock *sock, const struct address *to)
{
    struct address mine = *to;
    act_connect(act, sock, &mine);
    cr_assert_eq(act_start(act, INFINITY), OP_WAIT);
    memset(&mine, 0xff, sizeof mine);
}

Test(connect, a_queued_one_uses_an_address_that_is_gone)
{
    struct full full;
    struct address at;
    struct act first, second;
    struct sock *listener = fixture_listener(&at), *sock = fresh(AF_UNIX);
    full_open(&full, AF_UNIX);
    queue_connect(&first, sock, &full.at);
    queue_connect(&second, sock, &full.at);
    act_abort(&first);
    drain_one(&full);
    cr_assert_eq(act_end(&second), 0);
    sock_unref(sock);
    sock_unref(listener);
    full_close(&full);
}

Test(connect, what_is_written_meanwhile_waits_for_the_connection)
{
    struct full full;
    struct act connecting, writing;
    full_open(&full, AF_UNIX);
    struct sock *sock = fresh(AF_UNIX);
    act_connect(&connecting, sock, &full.at);
    act_start(&connecting, INFINITY);
    act_write(&writing, sock, "x", 1);
    cr_assert_eq(act_start(&writing, INFINITY), OP_WAIT);
    drain_one(&full);
    cr_assert_eq(act_end(&writing), 0);
    cr_assert_eq(connecting.status, 0);
    sock_unref(sock);
    full_close(&full);
}

Test(connect, of_a_datagram_socket_is_done_at_once)
{
    struct address at;
    struct sock *sock;
    struct act act;
    cr_assert_eq(sock_new(net, AF_INET, SOCK_DGRAM, 0, 0, &sock), 0);
    cr_assert_eq(address_parse(&at, AF_INET, "127.0.0.1", "9"), 0);
    act_connect(&act, sock, &at);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, 0);
    sock_unref(sock);
}

Test(connect, of_a_connected_socket_is_refused)
{
    struct pair pair;
    struct address at;
    struct act act;
    pair_open(&pair, PAIR_TCP);
    cr_assert_eq(address_parse(&at, AF_INET, "127.0.0.1", "9"), 0);
    act_connect(&act, pair.sock, &at);
    cr_assert_eq(act_run(&act, INFINITY), -EISCONN);
    pair_close(&pair);
}
