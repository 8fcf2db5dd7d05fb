/* Socket methods that wait, where C can see more than tests/lua. */
#include "binding_fixture.h"

#include <sys/socket.h>
#include <unistd.h>

TestSuite(socket_io, .init = fixture_up, .fini = fixture_down);

/* A socket object `s`, whose other end is the descriptor. */
static int connect_pair(void)
{
    int fds[2];
    struct sock *sock;
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    cr_assert_eq(sock_adopt(net, fds[0], geteuid(), &sock), 0);
    char code[64];
    snprintf(code, sizeof code, "s = sockd.socket(%d)", (int)sock_id(sock));
    fixture_lua(code);
    sock_unref(sock);
    return fds[1];
}

static struct sock_counters counters(void)
{
    struct sock_counters counted;
    sock_counters(net_find(net, 1), &counted);
    return counted;
}

Test(socket_io, a_line_takes_no_byte_of_the_next)
{
    int peer = connect_pair();
    cr_assert_eq(write(peer, "one\ntwo\n", 8), 8);
    cr_assert_str_eq(fixture_lua("return s:read('\\n')"), "one\n");
    cr_assert_eq(counters().read_ahead, 4);
    cr_assert_str_eq(fixture_lua("return s:recv(2)"), "tw");
    cr_assert_str_eq(fixture_lua("return s:sysread()"), "o\n");
    cr_assert_eq(counters().read_ahead, 0);
    close(peer);
}

Test(socket_io, a_waiting_call_is_one_operation_and_then_none)
{
    int peer = connect_pair();
    fixture_start("return s:read(3)");
    fixture_run_rounds(3);
    cr_assert_eq(counters().waiting, 1);
    cr_assert_eq(write(peer, "abc", 3), 3);
    fixture_run();
    cr_assert_eq(counters().waiting, 0);
    close(peer);
}

Test(socket_io, an_empty_string_is_sent_as_nothing)
{
    int peer = connect_pair();
    char byte;
    cr_assert_str_eq(fixture_lua("return s:write(''), s:send(''), s:syswrite('')"), "0 0 0");
    cr_assert_eq(read(peer, &byte, 1), -1);
    close(peer);
}

Test(socket_io, huge_limits_are_no_limits)
{
    int peer = connect_pair();
    cr_assert_eq(write(peer, "all", 3), 3);
    close(peer);
    cr_assert_str_eq(fixture_lua("return s:read(math.huge), s:read(1e300), s:recv(2^53)"),
                     "all   eof");
}
