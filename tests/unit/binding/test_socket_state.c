/* Socket methods that never wait, where C can see more than tests/lua. */
#include "binding_fixture.h"

#include <sys/socket.h>
#include <unistd.h>

TestSuite(socket_state, .init = fixture_up, .fini = fixture_down);

Test(socket_state, close_leaves_the_object_without_a_socket)
{
    struct sock *sock;
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, geteuid(), &sock), 0);
    cr_assert_str_eq(fixture_lua("s = sockd.socket(1) return s:close(), s:close()"), "true false");
    cr_assert(!sock_is_open(sock));
    sock_unref(sock);
}

Test(socket_state, asking_leaves_the_last_error_alone)
{
    cr_assert_str_eq(fixture_lua("s = require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')"
                                 "s:readable(0) s:peer() s:bind('nonsense')"
                                 "local before = s:errno()"
                                 "tostring(s) s:fd() s:id() s:nonblock() s:name()"
                                 "return before == s:errno()"),
                     "true");
}

Test(socket_state, words_for_the_halves)
{
    int fds[2];
    const char *words[] = {"0", "1", "2", "'R'", "'W'", "'RW'", "'send'", "'receive'", "nil", "{}"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct sock *sock;
        char code[128], byte;
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        cr_assert_eq(sock_adopt(net, fds[0], geteuid(), &sock), 0);
        snprintf(code, sizeof code, "return sockd.socket(%d):shutdown(%s)", (int)sock_id(sock),
                 words[i]);
        cr_assert_str_eq(fixture_lua(code), "true");
        bool only_read = i == 0 || i == 3 || i == 7;
        cr_assert_eq(read(fds[1], &byte, 1), only_read ? -1 : 0, "%s", words[i]);
        bool only_write = i == 1 || i == 4 || i == 6;
        cr_assert_eq(send(fds[1], "x", 1, MSG_NOSIGNAL), only_write ? 1 : -1, "%s", words[i]);
        sock_close(sock);
        sock_unref(sock);
        close(fds[1]);
    }
}
