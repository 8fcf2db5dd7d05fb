/* Listening as servers do: dead files give way, living ones do not, ours goes when we go. */
#include "net_peers.h"

#include "harness/harness.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

TestSuite(listener, .init = fixture_up, .fini = fixture_down);

static struct address path_address(const char *path)
{
    struct address at;
    cr_assert_eq(address_parse(&at, AF_UNIX, "unix/", path), 0);
    return at;
}

static int listen_at(const char *path, struct sock **out)
{
    struct address at = path_address(path);
    return sock_new_listener(net, &at, 0, 0, out);
}

/* A descriptor that listens at the path, or is only bound there. */
static int bound(const char *path, int type, bool listening)
{
    struct address at = path_address(path);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, &at.any, at.length), 0);
    if (listening)
        cr_assert_eq(listen(fd, 1), 0);
    return fd;
}

Test(listener, replaces_the_file_of_a_dead_one)
{
    struct sock *listener;
    const char *path = fixture_path("s");
    close(bound(path, SOCK_STREAM, true));
    cr_assert_eq(access(path, F_OK), 0);
    cr_assert_eq(listen_at(path, &listener), 0);
    cr_assert_eq(sock_errno(listener), 0);
    struct address at = path_address(path);
    close(fixture_dial(&at));
    sock_unref(listener);
    cr_assert_eq(access(path, F_OK), -1);
}

static void is_in_use(const char *path)
{
    struct sock *listener;
    cr_assert_eq(listen_at(path, &listener), -EADDRINUSE);
    cr_assert_eq(access(path, F_OK), 0, "somebody else's file is gone");
    cr_assert_eq(fixture_stats().sockets, 0);
}

Test(listener, leaves_a_living_one_alone)
{
    const char *path = fixture_path("s");
    int fd = bound(path, SOCK_STREAM, true);
    is_in_use(path);
    close(fd);
    unlink(path);
}

Test(listener, leaves_one_of_its_own_alone)
{
    const char *path = fixture_path("s");
    struct sock *first, *second;
    cr_assert_eq(listen_at(path, &first), 0);
    cr_assert_eq(listen_at(path, &second), -EADDRINUSE);
    cr_assert_eq(access(path, F_OK), 0);
    sock_unref(first);
}

Test(listener, leaves_a_datagram_socket_alone)
{
    const char *path = fixture_path("s");
    int fd = bound(path, SOCK_DGRAM, false);
    is_in_use(path);
    close(fd);
    unlink(path);
}

Test(listener, leaves_a_full_one_alone)
{
    const char *path = fixture_path("s");
    struct address at = path_address(path);
    int fds[8], fd = bound(path, SOCK_STREAM, true), count = 0;
    for (; count < 8; count++) {
        fds[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fds[count], &at.any, at.length);
    }
    is_in_use(path);
    while (count > 0)
        close(fds[--count]);
    close(fd);
    unlink(path);
}

Test(listener, leaves_what_is_no_socket_alone)
{
    const char *path = fixture_path("f");
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    is_in_use(path);
    unlink(path);
}

Test(listener, does_not_follow_a_link_to_a_dead_one)
{
    const char *path = fixture_path("dead"), *link = fixture_path("link");
    close(bound(path, SOCK_STREAM, true));
    cr_assert_eq(symlink(path, link), 0);
    is_in_use(link);
    cr_assert_eq(access(path, F_OK), 0);
    unlink(link);
    unlink(path);
}

Test(listener, does_not_remove_a_file_that_has_taken_its_place)
{
    struct sock *listener;
    const char *path = fixture_path("s");
    cr_assert_eq(listen_at(path, &listener), 0);
    cr_assert_eq(unlink(path), 0);
    int fd = bound(path, SOCK_STREAM, true);
    sock_unref(listener);
    cr_assert_eq(access(path, F_OK), 0, "the successor's file is gone");
    close(fd);
    unlink(path);
}

Test(listener, is_content_when_its_file_is_gone)
{
    struct sock *listener;
    const char *path = fixture_path("s");
    cr_assert_eq(listen_at(path, &listener), 0);
    cr_assert_eq(unlink(path), 0);
    sock_unref(listener);
}

Test(listener, an_abstract_name_has_no_file)
{
    struct sock *first, *second;
    char name[64];
    snprintf(name, sizeof name, "@sockd-test-%d", (int)getpid());
    cr_assert_eq(listen_at(name, &first), 0);
    cr_assert_eq(listen_at(name, &second), -EADDRINUSE);
    sock_unref(first);
}

Test(listener, a_detached_one_leaves_its_file)
{
    struct sock *listener;
    const char *path = fixture_path("s");
    cr_assert_eq(listen_at(path, &listener), 0);
    int fd = sock_detach(listener);
    cr_assert_geq(fd, 0);
    sock_unref(listener);
    cr_assert_eq(access(path, F_OK), 0);
    struct address at = path_address(path);
    close(fixture_dial(&at));
    close(fd);
    unlink(path);
}

Test(listener, may_be_prepared_by_its_user)
{
    struct address at;
    struct sock *sock;
    cr_assert_eq(address_parse(&at, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 0, &sock), 0);
    cr_assert_eq(sock_listen_at(sock, &at, 5), 0);
    cr_assert(sock_is_listener(sock));
    fixture_close(sock);
    cr_assert_eq(sock_listen_at(sock, &at, 5), -EBADF);
    sock_unref(sock);
}

Test(listener, at_an_address_of_nobody_fails)
{
    struct address at;
    struct sock *sock;
    cr_assert_eq(address_parse(&at, AF_INET, "192.0.2.1", "0"), 0);
    cr_assert_eq(sock_new_listener(net, &at, 0, 0, &sock), -EADDRNOTAVAIL);
    cr_assert_eq(fixture_stats().sockets, 0);
}
