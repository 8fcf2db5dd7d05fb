/* Sockets that are lent: away for everybody, and back as if nothing had been. */
#include "net_peers.h"

#include "loop/closer.h"
#include "net/net_private.h"

#include <fcntl.h>
#include <math.h>

TestSuite(sock_lend, .init = fixture_up, .fini = fixture_down);

/* Two of the net's that are connected to each other. */
static void pair(struct sock *out[2])
{
    cr_assert_eq(sock_new_pair(net, AF_UNIX, SOCK_STREAM, 0, 1000, out), 0);
}

static void note(struct sock_closed *watch)
{
    watch->fn = NULL;
}

Test(sock_lend, its_users_find_it_closed)
{
    struct sock *ends[2];
    struct act act;
    struct sock_closed watch = {.fn = note, .link = LIST_INIT(watch.link)};
    pair(ends);
    uint64_t id = sock_id(ends[0]);
    int number = sock_fd(ends[0]);
    cr_assert_eq(sock_on_close(ends[0], &watch), 0);
    act_sysread(&act, ends[0], 10);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    int fd = sock_lend(ends[0]);
    cr_assert_eq(fd, number);
    cr_assert_not(fcntl(fd, F_GETFL) & O_NONBLOCK);
    cr_assert_null(net_find(net, id));
    cr_assert_null(net_find_fd(net, fd));
    cr_assert_not(sock_is_open(ends[0]));
    cr_assert_eq(sock_close(ends[0]), -EBADF);
    cr_assert_eq(sock_lend(ends[0]), -EBADF);
    cr_assert_not(act.ended, "it hears of it from the loop");
    cr_assert_eq(act_end(&act), -EBADF);
    cr_assert_not_null(watch.fn, "it may come back");
    sock_give_away(ends[0]);
    cr_assert_null(watch.fn);
    cr_assert(closer_finish());
    cr_assert_lt(fcntl(number, F_GETFD), 0);
    sock_unref(ends[0]);
    sock_unref(ends[1]);
}

Test(sock_lend, it_comes_back_with_its_bytes_and_its_number)
{
    struct sock *ends[2], *later[2];
    const void *data;
    size_t length;
    pair(ends);
    pair(later);
    uint64_t id = sock_id(ends[0]);
    cr_assert_eq(sock_read_ahead(ends[0], &data, &length), 0);
    cr_assert(length == 0 && data != NULL);
    cr_assert_eq(sock_unread(ends[0], "ahead", 5), 0);
    cr_assert_geq(sock_lend(ends[0]), 0);
    cr_assert_eq(sock_read_ahead(ends[0], &data, &length), 0);
    cr_assert(length == 5 && memcmp(data, "ahead", 5) == 0);
    sock_take_back(ends[0]);
    cr_assert_eq(net_find(net, id), ends[0]);
    cr_assert_eq(net_find_fd(net, sock_fd(ends[0])), ends[0]);
    cr_assert(fcntl(sock_fd(ends[0]), F_GETFL) & O_NONBLOCK);
    cr_assert_eq(write(sock_fd(ends[1]), " and behind", 11), 11);
    struct act act;
    act_read(&act, ends[0], 16, NULL);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    act_expect_text(&act, "ahead and behind");
    for (int i = 0; i < 2; i++) {
        sock_unref(ends[i]);
        sock_unref(later[i]);
    }
}

Test(sock_lend, what_would_be_lost_keeps_it_here)
{
    struct sock *ends[2], *listener;
    pair(ends);
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 1000, &listener), 0);
    cr_assert_eq(sock_may_lend(listener), 0);
    sock_unaccept(listener, ends[0]);
    cr_assert_eq(sock_may_lend(listener), -EBUSY);
    cr_assert_eq(sock_lend(listener), -EBUSY);
    sock_close(listener);
    cr_assert_eq(sock_may_lend(listener), -EBADF);
    sock_unref(listener);
    sock_unref(ends[1]);
}
