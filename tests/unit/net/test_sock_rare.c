/* What few sockets need is made when one needs it, and not before. */
#include "net_peers.h"

#include "net/net_private.h"

#include <math.h>

TestSuite(sock_rare, .init = fixture_up, .fini = fixture_down);

STREAM_TEST(sock_rare, traffic_needs_none)
{
    struct act act;
    pair_say_text(pair, "one\ntwo\n");
    act_read(&act, pair->sock, SIZE_MAX, "\n");
    cr_assert_eq(act_run(&act, 1), 0);
    act_read(&act, pair->sock, 100, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_hang_up(pair);
    act_end(&act);
    act_expect_text(&act, "two\n");
    cr_assert_null(pair->sock->rare);
    cr_assert_eq(sock_close(pair->sock), 0);
    cr_assert_null(pair->sock->rare);
}

STREAM_TEST(sock_rare, is_made_for_those_who_watch)
{
    struct act act;
    act_wait(&act, pair->sock, LOOP_READ);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    cr_assert_not_null(pair->sock->rare);
    struct sock_counters counters;
    sock_counters(pair->sock, &counters);
    cr_assert_eq(counters.waiting, 1);
    cr_assert_eq(sock_idle(pair->sock), 0);
    pair_say_text(pair, "x");
    act_end(&act);
    cr_assert_eq(act.ready, LOOP_READ);
}

STREAM_TEST(sock_rare, limits_of_time_stay_apart)
{
    cr_assert_eq(sock_set_limits(pair->sock, 0, 0), 0);
    cr_assert_null(pair->sock->rare);
    cr_assert_eq(sock_set_limits(pair->sock, LOOP_SECOND / 100, 0), 0);
    cr_assert_eq(sock_rare(pair->sock)->send_limit, 0);
    struct act act;
    act_sysread(&act, pair->sock, 10);
    cr_assert_eq(act_run(&act, INFINITY), -EAGAIN);
    cr_assert_eq(sock_rare_none->receive_limit, 0);
}
