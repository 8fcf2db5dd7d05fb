/* readable, writable, wait: side by side with everything else. */
#include "net_peers.h"

#include <math.h>

TestSuite(wait, .init = fixture_up, .fini = fixture_down);

STREAM_TEST(wait, a_fresh_connection_is_writable_and_not_readable)
{
    struct act act;
    act_wait(&act, pair->sock, LOOP_READ | LOOP_WRITE);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.ready, LOOP_WRITE);
    act_wait(&act, pair->sock, LOOP_READ);
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, -ETIMEDOUT);
    cr_assert_eq(sock_errno(pair->sock), ETIMEDOUT);
}

STREAM_TEST(wait, bytes_make_it_readable)
{
    struct act act;
    act_wait(&act, pair->sock, LOOP_READ);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_say_text(pair, "x");
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.ready, LOOP_READ);
}

STREAM_TEST(wait, bytes_that_came_since_the_last_round_count)
{
    struct act act;
    act_wait(&act, pair->sock, LOOP_READ);
    act_start(&act, 0);
    pair_say_text(pair, "x");
    act_wait(&act, pair->sock, LOOP_READ);
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, 0);
}

STREAM_TEST(wait, bytes_read_ahead_count)
{
    struct act act;
    pair_say_text(pair, "line\nrest");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    act_wait(&act, pair->sock, LOOP_READ | LOOP_WRITE);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.ready, LOOP_READ | LOOP_WRITE);
}

STREAM_TEST(wait, bytes_given_back_count)
{
    struct act act;
    act_wait(&act, pair->sock, LOOP_READ);
    act_start(&act, INFINITY);
    cr_assert_eq(sock_unread(pair->sock, "abc", 3), 0);
    cr_assert_eq(act_end(&act), 0);
}

STREAM_TEST(wait, consumes_nothing)
{
    struct act act;
    pair_say_text(pair, "abc");
    act_wait(&act, pair->sock, LOOP_READ);
    act_run(&act, 1);
    act_sysread(&act, pair->sock, 10);
    act_run(&act, 1);
    act_expect_text(&act, "abc");
}

STREAM_TEST(wait, the_end_of_the_stream_is_readable)
{
    struct act act;
    act_wait(&act, pair->sock, LOOP_READ);
    act_start(&act, INFINITY);
    pair_hang_up(pair);
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.ready, LOOP_READ);
}

STREAM_TEST(wait, many_watch_side_by_side)
{
    struct act acts[5];
    for (int i = 0; i < 5; i++) {
        act_wait(&acts[i], pair->sock, LOOP_READ);
        act_start(&acts[i], INFINITY);
    }
    pair_say_text(pair, "x");
    for (int i = 0; i < 5; i++)
        cr_assert_eq(act_end(&acts[i]), 0);
}

STREAM_TEST(wait, does_not_queue_behind_a_reader)
{
    struct act reader, act;
    act_read(&reader, pair->sock, 10, NULL);
    act_start(&reader, INFINITY);
    act_wait(&act, pair->sock, LOOP_READ);
    act_start(&act, INFINITY);
    pair_say_text(pair, "abc");
    cr_assert_eq(act_end(&act), 0);
    cr_assert_not(reader.ended);
    act_abort(&reader);
}

STREAM_TEST(wait, waits_on_a_non_blocking_socket_too)
{
    struct act act;
    sock_set_nonblock(pair->sock, true);
    act_wait(&act, pair->sock, LOOP_READ);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_say_text(pair, "x");
    cr_assert_eq(act_end(&act), 0);
}

STREAM_TEST(wait, room_makes_it_writable)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act, writer;
    act_write(&writer, pair->sock, bytes, SIZE);
    cr_assert_eq(act_run(&writer, 0.001), -ETIMEDOUT);
    act_wait(&act, pair->sock, LOOP_WRITE);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_hear(pair, bytes, writer.length);
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.ready, LOOP_WRITE);
}

STREAM_TEST(wait, one_that_asks_for_both_is_told_what_is)
{
    enum { SIZE = 10 << 20 };
    struct act act, writer;
    act_write(&writer, pair->sock, fixture_pattern(SIZE), SIZE);
    act_run(&writer, 0.001);
    act_wait(&act, pair->sock, LOOP_READ | LOOP_WRITE);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_say_text(pair, "x");
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.ready, LOOP_READ);
}

static void wait_again(struct act *act)
{
    struct act *next = act->context;
    act_start(next, INFINITY);
}

STREAM_TEST(wait, done_may_wait_again)
{
    struct act first, second;
    act_wait(&first, pair->sock, LOOP_READ);
    act_start(&first, INFINITY);
    act_wait(&second, pair->sock, LOOP_READ);
    first.then = wait_again;
    first.context = &second;
    pair_say_text(pair, "x");
    act_end(&first);
    cr_assert_eq(second.status, 0);
    cr_assert(second.ended, "what is there is there for the second too");
}

Test(wait, a_connection_that_arrives_makes_a_listener_readable)
{
    struct address at;
    struct act act, accept;
    struct sock *listener = fixture_listener(&at);
    act_wait(&act, listener, LOOP_READ);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    int fd = fixture_dial(&at);
    cr_assert_eq(act_end(&act), 0);
    act_accept(&accept, listener);
    cr_assert_eq(act_run(&accept, 1), 0);
    sock_unaccept(listener, accept.sock);
    act_wait(&act, listener, LOOP_READ);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE, "one that was given back counts");
    close(fd);
    sock_unref(listener);
}
