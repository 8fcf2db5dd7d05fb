/* Successors of listeners: the same queue of connections, one after the other. */
#include "net_peers.h"

#include "net/heir.h"

#include <math.h>
#include <stdio.h>

TestSuite(heir, .init = fixture_up, .fini = fixture_down);

static struct address at;

static struct sock *heir_of(struct sock *listener)
{
    struct sock *heir;
    cr_assert_eq(heir_new(listener, 7, &heir), 0);
    cr_assert_eq(sock_owner(heir), 7);
    cr_assert(sock_is_listener(heir));
    return heir;
}

static struct sock *accept_one(struct sock *listener)
{
    struct act act;
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    return act.sock;
}

Test(heir, accepts_what_waited_and_nothing_before)
{
    struct sock *listener = fixture_listener(&at), *heir = heir_of(listener);
    int fd = fixture_dial(&at);
    struct act act;
    act_accept(&act, heir);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    fixture_run_rounds(10);
    cr_assert(!act.ended);
    heir_succeed(heir, listener);
    cr_assert(!sock_is_open(listener));
    cr_assert_eq(act_end(&act), 0);
    sock_unref(act.sock);
    close(fd);
    sock_unref(listener);
    sock_unref(heir);
}

Test(heir, leaves_everything_to_the_listener_when_it_closes)
{
    struct sock *listener = fixture_listener(&at), *heir = heir_of(listener);
    int fd = fixture_dial(&at);
    sock_close(heir);
    heir_succeed(heir, listener);
    cr_assert(sock_is_open(listener));
    sock_unref(accept_one(listener));
    close(fd);
    sock_unref(listener);
    sock_unref(heir);
}

Test(heir, gets_what_was_accepted_and_given_back)
{
    struct sock *listener = fixture_listener(&at), *heir = heir_of(listener);
    int fd = fixture_dial(&at);
    struct sock *connection = accept_one(listener);
    sock_unaccept(listener, sock_ref(connection));
    heir_succeed(heir, listener);
    struct sock *again = accept_one(heir);
    cr_assert_eq(again, connection);
    sock_unref(again);
    sock_unref(connection);
    close(fd);
    sock_unref(listener);
    sock_unref(heir);
}

Test(heir, owns_the_file_of_a_unix_socket)
{
    const char *path = fixture_path("s");
    struct sock *listener;
    cr_assert_eq(address_parse(&at, AF_UNIX, "unix/", path), 0);
    cr_assert_eq(sock_new_listener(net, &at, 0, 0, &listener), 0);
    cr_assert(heir_matches(listener, &at));
    struct sock *heir = heir_of(listener);
    heir_succeed(heir, listener);
    cr_assert_eq(access(path, F_OK), 0);
    int fd = fixture_dial(&at);
    sock_unref(accept_one(heir));
    close(fd);
    sock_unref(listener);
    sock_unref(heir);
    cr_assert_eq(access(path, F_OK), -1);
}

Test(heir, of_a_listener_that_is_closed)
{
    struct sock *listener = fixture_listener(&at), *heir;
    sock_close(listener);
    cr_assert_eq(heir_new(listener, 0, &heir), -EBADF);
    cr_assert(!heir_matches(listener, &at));
    sock_unref(listener);
}

static struct address parsed(const char *host, const char *port)
{
    struct address address;
    cr_assert_eq(address_parse(&address, AF_UNSPEC, host, port), 0);
    return address;
}

Test(heir, matches_by_address_or_when_the_kernel_chose_the_port)
{
    struct address any = parsed("127.0.0.1", "0"), bound;
    struct sock *first, *second;
    cr_assert_eq(sock_new_listener(net, &any, 0, 0, &first), 0);
    cr_assert_eq(sock_name(first, &bound), 0);
    cr_assert(heir_matches(first, &bound));
    cr_assert(heir_matches(first, &any));
    struct address other = parsed("127.0.0.2", "0"), path = parsed("unix/", "/none");
    cr_assert(!heir_matches(first, &other));
    cr_assert(!heir_matches(first, &path));
    sock_close(first);
    cr_assert_eq(sock_new_listener(net, &bound, 0, 0, &second), 0);
    cr_assert(heir_matches(second, &bound));
    cr_assert(!heir_matches(second, &any), "its port was asked for");
    sock_unref(first);
    sock_unref(second);
}

static bool inherit(void *context, const struct address *address, struct sock **out)
{
    struct sock *listener = context;
    return heir_matches(listener, address) && heir_new(listener, 0, out) == 0;
}

Test(heir, is_what_tcp_listen_may_make)
{
    struct sock *listener = fixture_listener(&at);
    struct address_text text;
    char port[16];
    address_format(&at, &text);
    snprintf(port, sizeof port, "%d", text.port);
    struct act act;
    act_tcp_listen(&act, "127.0.0.1", port);
    op_tcp_listen_inherit(&act.op, inherit, listener);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    heir_succeed(act.sock, listener);
    int fd = fixture_dial(&at);
    sock_unref(accept_one(act.sock));
    close(fd);
    sock_unref(act.sock);
    sock_unref(listener);
}
