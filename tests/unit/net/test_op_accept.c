/* accept: who came, in order, within the limits, and nobody lost. */
#include "net_peers.h"

#include "net/net_private.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>

static struct sock *listener;
static struct address at;

static void setup(void)
{
    fixture_up();
    listener = fixture_listener(&at);
}

static void teardown(void)
{
    sock_unref(listener);
    fixture_down();
}

TestSuite(accept, .init = setup, .fini = teardown);

static int port_of(int fd)
{
    struct sockaddr_in in;
    socklen_t length = sizeof in;
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&in, &length), 0);
    return ntohs(in.sin_port);
}

Test(accept, gives_the_connection_and_its_peer)
{
    struct act act, writing;
    int fd = fixture_dial(&at);
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, 1), 0);
    cr_assert_eq(ntohs(act.from.in.sin_port), port_of(fd));
    cr_assert_eq(sock_owner(act.sock), sock_owner(listener));
    cr_assert_eq(sock_domain(act.sock), AF_INET);
    cr_assert_eq(sock_type(act.sock), SOCK_STREAM);
    cr_assert_str_eq(sock_state(act.sock), "connected");
    cr_assert_not(sock_nonblock(act.sock));
    act_write(&writing, act.sock, "hi", 2);
    cr_assert_eq(act_run(&writing, 1), 0);
    sock_unref(act.sock);
    close(fd);
}

Test(accept, waits_for_a_connection)
{
    struct act acts[3];
    int fds[3];
    for (int i = 0; i < 3; i++) {
        act_accept(&acts[i], listener);
        cr_assert_eq(act_start(&acts[i], INFINITY), OP_WAIT);
    }
    for (int i = 0; i < 3; i++)
        fds[i] = fixture_dial(&at);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(act_end(&acts[i]), 0);
        cr_assert_eq(acts[i].order, i + 1);
        cr_assert_eq(ntohs(acts[i].from.in.sin_port), port_of(fds[i]));
        sock_unref(acts[i].sock);
        close(fds[i]);
    }
}

Test(accept, times_out)
{
    struct act act;
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, 0.001), -ETIMEDOUT);
    act_accept(&act, listener);
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, -ETIMEDOUT);
}

Test(accept, without_blocking_asks_the_kernel)
{
    struct act act;
    sock_set_nonblock(listener, true);
    act_accept(&act, listener);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    int fd = fixture_dial(&at);
    act_accept(&act, listener);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, 0);
    sock_unref(act.sock);
    close(fd);
}

Test(accept, on_what_does_not_listen_fails)
{
    struct sock *sock;
    struct act act;
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 0, &sock), 0);
    act_accept(&act, sock);
    cr_assert_eq(act_run(&act, INFINITY), -EINVAL);
    sock_unref(sock);
}

Test(accept, hears_of_the_listeners_shutdown)
{
    struct act act;
    act_accept(&act, listener);
    act_start(&act, INFINITY);
    cr_assert_eq(sock_shutdown(listener, SHUT_RDWR), 0);
    cr_assert_eq(act_end(&act), -EINVAL);
}

/* ---- connections that nobody took ---- */

Test(accept, one_that_was_not_taken_goes_to_the_next)
{
    struct act first, second;
    int fd = fixture_dial(&at);
    act_accept(&first, listener);
    first.decline = true;
    cr_assert_eq(act_run(&first, 1), 0);
    cr_assert_eq(fixture_stats().sockets, 2);
    act_accept(&second, listener);
    cr_assert_eq(act_start(&second, INFINITY), OP_DONE);
    cr_assert_eq(second.status, 0);
    cr_assert_eq(ntohs(second.from.in.sin_port), port_of(fd));
    sock_unref(second.sock);
    close(fd);
}

Test(accept, one_given_back_wakes_who_waits)
{
    struct act first, second;
    int fd = fixture_dial(&at);
    act_accept(&first, listener);
    act_run(&first, 1);
    act_accept(&second, listener);
    cr_assert_eq(act_start(&second, INFINITY), OP_WAIT);
    sock_unaccept(listener, first.sock);
    cr_assert_eq(act_end(&second), 0);
    cr_assert_eq(second.sock, first.sock);
    sock_unref(second.sock);
    close(fd);
}

Test(accept, those_given_back_keep_their_order)
{
    struct act acts[3];
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = fixture_dial(&at);
        act_accept(&acts[i], listener);
        cr_assert_eq(act_run(&acts[i], 1), 0);
    }
    for (int i = 0; i < 3; i++)
        sock_unaccept(listener, acts[i].sock);
    for (int i = 0; i < 3; i++) {
        struct act act;
        act_accept(&act, listener);
        act_run(&act, 1);
        cr_assert_eq(ntohs(act.from.in.sin_port), port_of(fds[i]));
        sock_unref(act.sock);
        close(fds[i]);
    }
}

Test(accept, one_given_back_to_a_closed_listener_closes)
{
    struct act act;
    int fd = fixture_dial(&at);
    act_accept(&act, listener);
    act_run(&act, 1);
    fixture_close(listener);
    sock_unaccept(listener, act.sock);
    cr_assert_eq(fixture_stats().sockets, 0);
    close(fd);
}

Test(accept, those_given_back_close_with_the_listener)
{
    struct act act;
    int fd = fixture_dial(&at);
    act_accept(&act, listener);
    act.decline = true;
    act_run(&act, 1);
    fixture_close(listener);
    cr_assert_eq(fixture_stats().sockets, 0);
    close(fd);
}

Test(accept, yields_a_connection_that_was_closed_meanwhile)
{
    struct act first, second;
    int fd = fixture_dial(&at);
    act_accept(&first, listener);
    act_run(&first, 1);
    uint64_t id = sock_id(first.sock);
    sock_unaccept(listener, first.sock);
    fixture_close(net_find(net, id));
    act_accept(&second, listener);
    cr_assert_eq(act_start(&second, 0), OP_DONE);
    cr_assert_eq(second.status, -ETIMEDOUT);
    close(fd);
}

/* ---- limits ---- */

Test(accept, at_the_limit_is_emfile_and_leaves_the_connection_in_the_queue)
{
    struct act act;
    sock_unref(listener);
    fixture_configure(&(struct net_config){.max_sockets = 2});
    listener = fixture_listener(&at);
    int fds[] = {fixture_dial(&at), fixture_dial(&at)};
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, 1), 0);
    struct sock *connection = act.sock;
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, 1), -EMFILE);
    cr_assert_eq(sock_errno(listener), EMFILE);
    sock_unref(connection);
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, 1), 0);
    cr_assert_eq(ntohs(act.from.in.sin_port), port_of(fds[1]));
    sock_unref(act.sock);
    close(fds[0]);
    close(fds[1]);
}

Test(accept, more_than_one_batch_of_events)
{
    enum { COUNT = 200 };
    int fds[COUNT];
    for (int i = 0; i < COUNT; i++)
        fds[i] = fixture_dial(&at);
    for (int i = 0; i < COUNT; i++) {
        struct act act;
        act_accept(&act, listener);
        cr_assert_eq(act_run(&act, 1), 0);
        sock_unref(act.sock);
        close(fds[i]);
    }
}
