/* tcp_server's listener: a name, an address or a path to listen at. */
#include "harness/harness.h"
#include "name/fake_names.h"
#include "net_peers.h"

#include "util/error.h"

#include <arpa/inet.h>
#include <math.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/stat.h>

static void setup(void)
{
    fixture_up();
    names_add("slow.test", "127.0.0.1");
}

static void teardown(void)
{
    names_release();
    fixture_down();
}

TestSuite(tcp_listen, .init = setup, .fini = teardown);

/* Somebody can connect to it. */
static void is_reachable(struct sock *listener)
{
    struct address at;
    struct act act;
    cr_assert_eq(sock_name(listener, &at), 0);
    int fd = fixture_dial(&at);
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, 1), 0);
    sock_unref(act.sock);
    close(fd);
}

static struct sock *listens(const char *host, const char *port)
{
    struct act act;
    act_tcp_listen(&act, host, port);
    cr_assert_eq(act_run(&act, 10), 0, "%s: %d", host, act.status);
    cr_assert(sock_is_listener(act.sock));
    cr_assert_str_eq(sock_state(act.sock), "listening");
    return act.sock;
}

Test(tcp_listen, at_an_address_with_any_free_port)
{
    struct sock *listener = listens("127.0.0.1", "0");
    cr_assert_gt(harness_port(sock_fd(listener)), 0);
    is_reachable(listener);
    sock_unref(listener);
}

Test(tcp_listen, without_a_port_at_a_free_one)
{
    struct sock *listener = listens("127.0.0.1", NULL);
    cr_assert_gt(harness_port(sock_fd(listener)), 0);
    sock_unref(listener);
}

Test(tcp_listen, at_a_name)
{
    struct sock *listener = listens("localhost", "0");
    is_reachable(listener);
    sock_unref(listener);
}

Test(tcp_listen, at_all_interfaces)
{
    struct sock *listener = listens(NULL, "0");
    struct address at;
    cr_assert_eq(sock_name(listener, &at), 0);
    cr_assert_eq(at.in.sin_addr.s_addr, htonl(INADDR_ANY));
    at.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = fixture_dial(&at);
    struct act act;
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, 1), 0);
    sock_unref(act.sock);
    close(fd);
    sock_unref(listener);
}

Test(tcp_listen, at_the_first_address_that_binds)
{
    names_add("half.test", "192.0.2.1 127.0.0.1"); /* the first is nobody's here */
    struct sock *listener = listens("half.test", "0");
    is_reachable(listener);
    sock_unref(listener);
}

Test(tcp_listen, at_a_port_in_use_fails)
{
    char port[16];
    struct act act;
    struct sock *listener = listens("127.0.0.1", "0");
    snprintf(port, sizeof port, "%d", harness_port(sock_fd(listener)));
    act_tcp_listen(&act, "127.0.0.1", port);
    cr_assert_eq(act_run(&act, INFINITY), -EADDRINUSE);
    cr_assert_eq(fixture_stats().sockets, 1);
    sock_unref(listener);
}

Test(tcp_listen, at_a_port_that_an_earlier_run_still_seems_to_hold)
{
    char port[16];
    struct address at;
    struct act act;
    struct sock *listener = listens("127.0.0.1", "0");
    snprintf(port, sizeof port, "%d", harness_port(sock_fd(listener)));
    cr_assert_eq(sock_name(listener, &at), 0);
    int fd = fixture_dial(&at);
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, 1), 0);
    sock_unref(act.sock); /* our side ends first: its port stays in TIME_WAIT */
    sock_unref(listener);
    close(fd);
    sock_unref(listens("127.0.0.1", port));
}

Test(tcp_listen, what_cannot_be)
{
    static const struct {
        const char *host, *port;
        int status;
    } cases[] = {
        {"192.0.2.1", "0", -EADDRNOTAVAIL},
        {"127.0.0.1", "no-such-service", ERROR_EAI_BASE + EAI_SERVICE},
        {"none.test", "0", ERROR_EAI_BASE + EAI_NONAME},
        {"unix/", NULL, -EINVAL},
        {"unix/", "", -EINVAL},
        {"unix/", "/no/such/folder/s", -ENOENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct act act;
        act_tcp_listen(&act, cases[i].host, cases[i].port);
        cr_assert_eq(act_run(&act, INFINITY), cases[i].status, "%s: %d", cases[i].host, act.status);
        cr_assert_eq(fixture_stats().sockets, 0);
    }
}

Test(tcp_listen, at_a_path)
{
    struct stat file;
    const char *path = fixture_path("s");
    struct sock *listener = listens("unix/", path);
    cr_assert_eq(lstat(path, &file), 0);
    cr_assert(S_ISSOCK(file.st_mode));
    is_reachable(listener);
    sock_unref(listener);
    cr_assert_eq(lstat(path, &file), -1, "the file was left");
}

Test(tcp_listen, a_listener_that_was_not_taken_closes)
{
    struct act act;
    const char *path = fixture_path("s");
    act_tcp_listen(&act, "unix/", path);
    act.decline = true;
    cr_assert_eq(act_run(&act, 1), 0);
    cr_assert_eq(fixture_stats().sockets, 0);
    cr_assert_eq(access(path, F_OK), -1);
}

Test(tcp_listen, the_deadline_bounds_the_look_up)
{
    struct act act;
    names_hold();
    act_tcp_listen(&act, "slow.test", "0");
    cr_assert_eq(act_run(&act, 0.01), -ETIMEDOUT);
}

Test(tcp_listen, cancelled_or_taken_back_while_it_looks_up)
{
    struct act cancelled, aborted, fresh;
    names_hold();
    act_tcp_listen(&cancelled, "slow.test", "0");
    act_tcp_listen(&aborted, "slow.test", "0");
    act_tcp_listen(&fresh, "slow.test", "0");
    act_start(&cancelled, INFINITY);
    act_start(&aborted, INFINITY);
    act_cancel(&cancelled, -ECANCELED);
    act_abort(&aborted);
    act_abort(&fresh);
    cr_assert_eq(act_end(&cancelled), -ECANCELED);
}
