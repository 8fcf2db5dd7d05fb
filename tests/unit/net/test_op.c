/* The engine: every operation ends exactly once, from the loop, however it ends. */
#include "net_peers.h"

#include "net/net_private.h"
#include "net/option.h"

#include <math.h>
#include <stdio.h>

TestSuite(op, .init = fixture_up, .fini = fixture_down);

/* Bytes that no peer takes: what is written after them waits. */
static void fill(struct pair *pair)
{
    static const uint8_t bytes[1 << 16];
    struct act act;
    do {
        act_send(&act, pair->sock, bytes, sizeof bytes, MSG_DONTWAIT);
        cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    } while (act.status == 0);
    cr_assert_eq(act.status, -EAGAIN);
}

/* ---- closing ---- */

STREAM_TEST(op, closing_wakes_every_waiter_once)
{
    struct act acts[7];
    fill(pair);
    act_read(&acts[0], pair->sock, 1, NULL);
    act_recv(&acts[1], pair->sock, 1, 0);
    act_sysread(&acts[2], pair->sock, 1);
    act_write(&acts[3], pair->sock, "x", 1);
    act_send(&acts[4], pair->sock, "x", 1, 0);
    act_wait(&acts[5], pair->sock, LOOP_READ);
    act_wait(&acts[6], pair->sock, LOOP_READ | LOOP_WRITE);
    for (int i = 0; i < 7; i++)
        cr_assert_eq(act_start(&acts[i], INFINITY), OP_WAIT);
    cr_assert_eq(fixture_stats().operations, 7);
    cr_assert_eq(fixture_close(pair->sock), 0);
    for (int i = 0; i < 7; i++)
        cr_assert_not(acts[i].ended, "it was told from within the call");
    for (int i = 0; i < 7; i++) {
        cr_assert_eq(act_end(&acts[i]), -EBADF);
        cr_assert_eq(acts[i].calls, 1);
    }
    fixture_run_rounds(3);
    cr_assert_eq(fixture_close(pair->sock), -EBADF);
}

STREAM_TEST(op, on_a_closed_socket_fails_and_is_not_its_error)
{
    struct act act;
    act_recv(&act, pair->sock, 1, MSG_DONTWAIT);
    act_start(&act, INFINITY);
    fixture_close(pair->sock);
    cr_assert_eq(sock_errno(pair->sock), 0, "closing went well");
    act_read(&act, pair->sock, 1, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EBADF);
    act_write(&act, pair->sock, "x", 1);
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, -EBADF);
    cr_assert_eq(sock_errno(pair->sock), 0);
}

static void close_sock(struct act *act)
{
    cr_assert_eq(fixture_close(act->context), 0);
}

STREAM_TEST(op, a_socket_may_be_closed_from_done)
{
    struct act acts[4];
    for (int i = 0; i < 2; i++)
        act_read(&acts[i], pair->sock, 3, NULL);
    act_wait(&acts[2], pair->sock, LOOP_READ);
    act_wait(&acts[3], pair->sock, LOOP_READ);
    for (int i = 0; i < 4; i++)
        act_start(&acts[i], INFINITY);
    acts[0].then = close_sock;
    acts[0].context = pair->sock;
    pair_say_text(pair, "abcdef");
    for (int i = 0; i < 4; i++)
        act_end(&acts[i]);
    act_expect_text(&acts[0], "abc");
    cr_assert_eq(acts[1].status, -EBADF);
    cr_assert_eq(acts[2].status, -EBADF);
    cr_assert_eq(acts[3].status, -EBADF);
}

STREAM_TEST(op, a_socket_may_be_closed_by_one_of_its_watchers)
{
    struct act acts[4];
    for (int i = 0; i < 4; i++) {
        act_wait(&acts[i], pair->sock, LOOP_READ);
        act_start(&acts[i], INFINITY);
    }
    acts[1].then = close_sock;
    acts[1].context = pair->sock;
    pair_say_text(pair, "x");
    for (int i = 0; i < 4; i++) {
        act_end(&acts[i]);
        cr_assert_eq(acts[i].status, i < 2 ? 0 : -EBADF);
        cr_assert_eq(acts[i].calls, 1);
    }
}

static void drop_sock(struct act *act)
{
    struct pair *pair = act->context;
    sock_unref(pair->sock);
    pair->sock = NULL;
}

STREAM_TEST(op, the_last_reference_may_be_dropped_from_done)
{
    struct act act;
    act_read(&act, pair->sock, 1, NULL);
    act_start(&act, INFINITY);
    act.then = drop_sock;
    act.context = pair;
    pair_say_text(pair, "abc");
    act_end(&act);
    cr_assert_eq(fixture_stats().sockets, 0);
}

STREAM_TEST(op, a_waiting_one_keeps_its_socket)
{
    struct act act;
    act_read(&act, pair->sock, 3, NULL);
    act_start(&act, INFINITY);
    sock_unref(pair->sock);
    cr_assert_eq(fixture_stats().sockets, 1);
    pair_say_text(pair, "abc");
    act_end(&act);
    act_expect_text(&act, "abc");
    cr_assert_eq(fixture_stats().sockets, 0);
    pair->sock = NULL;
}

STREAM_TEST(op, all_sockets_close_while_operations_wait)
{
    struct act act, other;
    act_read(&act, pair->sock, 3, NULL);
    act_start(&act, INFINITY);
    act_wait(&other, pair->sock, LOOP_READ);
    act_start(&other, INFINITY);
    net_close_all(net);
    cr_assert_eq(fixture_stats().sockets, 0);
    cr_assert_eq(act_end(&act), -EBADF);
    cr_assert_eq(act_end(&other), -EBADF);
}

/* ---- cancelling and taking back ---- */

STREAM_TEST(op, a_cancelled_one_ends_with_that_error)
{
    struct act act;
    act_read(&act, pair->sock, 3, NULL);
    act_start(&act, INFINITY);
    act_cancel(&act, -EINTR);
    cr_assert_not(act.ended);
    cr_assert(op_is_waiting(&act.op));
    act_cancel(&act, -EIO); /* too late */
    fixture_close(pair->sock);
    cr_assert_eq(act_end(&act), -EINTR);
    cr_assert_eq(act.calls, 1);
}

STREAM_TEST(op, cancelling_records_the_sockets_error)
{
    struct act act;
    act_read(&act, pair->sock, 3, NULL);
    act_start(&act, INFINITY);
    act_cancel(&act, -EINTR);
    cr_assert_eq(sock_errno(pair->sock), 0, "before its caller heard of it");
    act_end(&act);
    cr_assert_eq(sock_errno(pair->sock), EINTR);
}

STREAM_TEST(op, a_cancelled_read_has_taken_nothing)
{
    struct act act;
    act_read(&act, pair->sock, 10, NULL);
    act_start(&act, INFINITY);
    pair_say_text(pair, "abc");
    fixture_run_rounds(2);
    act_cancel(&act, -ECANCELED);
    act_end(&act);
    act_read(&act, pair->sock, 3, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "abc");
}

STREAM_TEST(op, one_that_is_taken_back_does_not_end)
{
    struct act act;
    act_read(&act, pair->sock, 3, NULL);
    act_start(&act, 0.001);
    act_abort(&act);
    cr_assert_eq(fixture_stats().operations, 0);
    pair_say_text(pair, "abc");
    fixture_run_rounds(3);
    cr_assert_eq(act.calls, 0);
}

STREAM_TEST(op, one_may_be_taken_back_between_its_end_and_done)
{
    struct act cancelled, closed;
    act_read(&cancelled, pair->sock, 3, NULL);
    act_read(&closed, pair->sock, 3, NULL);
    act_start(&cancelled, INFINITY);
    act_start(&closed, INFINITY);
    act_cancel(&cancelled, -ECANCELED);
    act_abort(&cancelled);
    fixture_close(pair->sock);
    act_abort(&closed);
    fixture_run_rounds(3);
    cr_assert_eq(cancelled.calls + closed.calls, 0);
}

STREAM_TEST(op, one_that_was_never_started_may_be_taken_back)
{
    struct act act;
    act_read(&act, pair->sock, 3, NULL);
    act_abort(&act);
    cr_assert_not(op_is_waiting(&act.op));
}

static struct act *victim;

static void abort_victim(struct act *act)
{
    (void)act;
    act_abort(victim);
}

STREAM_TEST(op, one_may_be_taken_back_by_the_done_of_another_of_the_same_round)
{
    struct act first, second;
    act_read(&first, pair->sock, 3, NULL);
    act_read(&second, pair->sock, 3, NULL);
    act_start(&first, INFINITY);
    act_start(&second, INFINITY);
    first.then = abort_victim;
    victim = &second;
    fixture_close(pair->sock);
    act_end(&first);
    fixture_run_rounds(3);
    cr_assert_eq(second.calls, 0);
}

STREAM_TEST(op, a_watcher_may_be_taken_back_by_another)
{
    struct act acts[3];
    for (int i = 0; i < 3; i++) {
        act_wait(&acts[i], pair->sock, LOOP_READ);
        act_start(&acts[i], INFINITY);
    }
    acts[0].then = abort_victim;
    victim = &acts[1];
    pair_say_text(pair, "x");
    act_end(&acts[2]);
    cr_assert_eq(acts[0].calls, 1);
    cr_assert_eq(acts[1].calls, 0);
    cr_assert_eq(acts[2].calls, 1);
}

/* A look-up or a connection that ends by itself in the round in which it was cancelled. */
static void cancel_victim(struct act *act)
{
    (void)act;
    act_cancel(victim, -ECANCELED);
}

Test(op, one_without_a_socket_that_ends_in_the_round_of_its_cancellation_kills_the_process)
{
    struct pair pair;
    struct address at;
    struct address_text text;
    struct act reader, connect;
    struct sock *listener = fixture_listener(&at);
    pair_open(&pair, PAIR_UNIX);
    act_read(&reader, pair.sock, 1, NULL);
    act_start(&reader, INFINITY);
    fixture_run_rounds(2);
    reader.then = cancel_victim;
    reader.go_on = true;
    victim = &connect;
    pair_say_text(&pair, "x"); /* this event comes before that of the connection */
    address_format(&at, &text);
    char port[16];
    snprintf(port, sizeof port, "%d", text.port);
    act_tcp_connect(&connect, "127.0.0.1", port);
    cr_assert_eq(act_start(&connect, INFINITY), OP_WAIT);
    cr_assert_eq(act_end(&connect), -ECANCELED);
    cr_assert_eq(connect.calls, 1);
    sock_unref(listener);
    pair_close(&pair);
}

/* ---- from within done ---- */

static void read_next(struct act *act)
{
    struct act *next = act->context;
    cr_assert_eq(act_start(next, INFINITY), OP_DONE, "the bytes are there");
}

STREAM_TEST(op, done_may_start_the_next)
{
    struct act first, second;
    act_read(&first, pair->sock, 3, NULL);
    act_start(&first, INFINITY);
    act_read(&second, pair->sock, 3, NULL);
    first.then = read_next;
    first.context = &second;
    pair_say_text(pair, "abcdef");
    act_end(&first);
    act_expect_text(&first, "abc");
    act_expect_text(&second, "def");
}

static void queue_next(struct act *act)
{
    struct act *next = act->context;
    cr_assert_eq(act_start(next, INFINITY), OP_WAIT, "it jumped the queue");
}

STREAM_TEST(op, one_started_by_done_stands_behind_those_that_wait)
{
    struct act first, second, third;
    act_read(&first, pair->sock, 1, NULL);
    act_read(&second, pair->sock, 1, NULL);
    act_read(&third, pair->sock, 1, NULL);
    act_start(&first, INFINITY);
    act_start(&second, INFINITY);
    first.then = queue_next;
    first.context = &third;
    pair_say_text(pair, "abc");
    act_end(&third);
    act_expect_text(&first, "a");
    act_expect_text(&second, "b");
    act_expect_text(&third, "c");
}

/* ---- delivery ---- */

STREAM_TEST(op, a_result_that_nobody_consumed_goes_to_the_next_reader)
{
    struct act act;
    pair_say_text(pair, "abcdef");
    act_read(&act, pair->sock, 4, NULL);
    act.decline = true;
    act_run(&act, 1);
    act_expect_text(&act, "abcd");
    act_read(&act, pair->sock, 6, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "abcdef");
}

STREAM_TEST(op, a_waiting_reader_gets_what_the_one_before_did_not_consume)
{
    struct act first, second;
    act_read(&first, pair->sock, 3, NULL);
    act_read(&second, pair->sock, 3, NULL);
    first.decline = true;
    act_start(&first, INFINITY);
    act_start(&second, INFINITY);
    pair_say_text(pair, "abc");
    act_end(&second);
    act_expect_text(&second, "abc");
}

static void never_done(struct op *op)
{
    (void)op;
    cr_assert_fail("it was complete at once");
}

/* Between the end of a read and op_finish its bytes lie in the read-ahead: nobody may move them. */
STREAM_TEST(op, nobody_reads_while_a_result_is_looked_at)
{
    struct op op;
    struct act act;
    pair_say_text(pair, "abcdef");
    op_read(&op, pair->sock, &(struct read_what){.limit = 3});
    cr_assert_eq(op_start(&op, LOOP_NEVER, never_done), OP_DONE);
    act_read(&act, pair->sock, 3, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    uint8_t *more = fixture_pattern(100000);
    cr_assert_gt(send(pair->peer, more, 100000, 0), 0);
    fixture_run_rounds(3);
    cr_assert_not(act.ended);
    cr_assert_eq(memcmp(op.in.data, "abc", 3), 0);
    op_consume(&op);
    op_finish(&op);
    act_end(&act);
    act_expect_text(&act, "def");
}

STREAM_TEST(op, a_result_outlives_the_socket_until_it_is_finished)
{
    struct op op;
    pair_say_text(pair, "abcdef");
    op_read(&op, pair->sock, &(struct read_what){.limit = 3});
    cr_assert_eq(op_start(&op, LOOP_NEVER, never_done), OP_DONE);
    fixture_close(pair->sock);
    cr_assert_eq(memcmp(op.in.data, "abc", 3), 0);
    op_consume(&op);
    op_finish(&op);
    cr_assert_eq(fixture_stats().bytes, 0);
}

STREAM_TEST(op, consuming_twice_takes_once)
{
    struct op op;
    struct act act;
    pair_say_text(pair, "abcdef");
    op_read(&op, pair->sock, &(struct read_what){.limit = 6});
    cr_assert_eq(op_start(&op, LOOP_NEVER, never_done), OP_DONE);
    op_finish(&op); /* not consumed: all six stay */
    act_recv(&act, pair->sock, 6, 0);
    act_run(&act, 1);
    act_expect_text(&act, "abcdef");
}

/* ---- time ---- */

STREAM_TEST(op, none_times_out_early)
{
    struct act act;
    uint64_t start = loop_now();
    act_wait(&act, pair->sock, LOOP_READ);
    cr_assert_eq(act_run(&act, 0.02), -ETIMEDOUT);
    cr_assert_geq(loop_now() - start, LOOP_SECOND / 50);
}

STREAM_TEST(op, a_deadline_that_passed_tries_once)
{
    struct act act;
    struct op op;
    op_sysread(&op, pair->sock, 1);
    cr_assert_eq(op_start(&op, loop_now(), never_done), OP_DONE);
    cr_assert_eq(op.status, -ETIMEDOUT);
    op_finish(&op);
    act_wait(&act, pair->sock, LOOP_WRITE);
    cr_assert_eq(act_start(&act, -1), OP_DONE);
    cr_assert_eq(act.status, 0);
}

static void limit(struct sock *sock, const char *name, double seconds)
{
    const struct option *option = option_find(SOL_SOCKET, name);
    struct option_value value = {.seconds = seconds};
    cr_assert_eq(sock_set_option(sock, option, &value), 0);
}

STREAM_TEST(op, the_receive_timeout_bounds_calls_without_one)
{
    struct act act;
    limit(pair->sock, "SO_RCVTIMEO", 0.01);
    act_recv(&act, pair->sock, 1, 0);
    cr_assert_eq(act_run(&act, INFINITY), -EAGAIN);
    act_sysread(&act, pair->sock, 1);
    cr_assert_eq(act_run(&act, INFINITY), -EAGAIN);
    act_sysread(&act, pair->sock, 1); /* its own timeout is another error */
    cr_assert_eq(act_run(&act, 0.001), -ETIMEDOUT);
}

STREAM_TEST(op, the_send_timeout_bounds_calls_without_one)
{
    struct act act;
    fill(pair);
    limit(pair->sock, "SO_SNDTIMEO", 0.01);
    act_send(&act, pair->sock, "x", 1, 0);
    cr_assert_eq(act_run(&act, INFINITY), -EAGAIN);
}

/* ---- the last error ---- */

STREAM_TEST(op, each_sets_the_last_error_before_its_caller_resumes)
{
    struct act act;
    act_read(&act, pair->sock, 1, NULL);
    act_run(&act, 0.001);
    cr_assert_eq(sock_errno(pair->sock), ETIMEDOUT);
    act_write(&act, pair->sock, "x", 1);
    act_run(&act, 1);
    cr_assert_eq(sock_errno(pair->sock), 0);
}

STREAM_TEST(op, one_that_is_taken_back_leaves_the_last_error_alone)
{
    struct act act, waiting;
    act_read(&act, pair->sock, 1, NULL);
    act_run(&act, 0.001);
    act_read(&waiting, pair->sock, 1, NULL);
    act_start(&waiting, INFINITY);
    act_abort(&waiting);
    cr_assert_eq(sock_errno(pair->sock), ETIMEDOUT);
}

/* ---- many ---- */

/* Random starts, cancellations, closings and bytes, from outside and from within done. */
enum { CROWD = 40 };

static struct act crowd[CROWD];
static unsigned crowd_started, crowd_aborted;

static void crowd_move(struct act *act);

static void crowd_start(struct pair *pairs, struct act *act)
{
    struct pair *pair = &pairs[fixture_random() % 4];
    switch (fixture_random() % 4) {
    case 0:
        act_read(act, pair->sock, fixture_random() % 9, "\n");
        break;
    case 1:
        act_sysread(act, pair->sock, fixture_random() % 9);
        break;
    case 2:
        act_wait(act, pair->sock, LOOP_READ);
        break;
    default:
        act_write(act, pair->sock, "x", 1);
        break;
    }
    act->context = pairs;
    act->then = crowd_move;
    act->decline = fixture_random() % 8 == 0;
    act->go_on = true;
    crowd_started++;
    act_start(act, fixture_random() % 4 == 0 ? 0.0005 : INFINITY);
}

static void crowd_move(struct act *mover)
{
    struct pair *pairs = mover->context;
    struct act *act = &crowd[fixture_random() % CROWD];
    if (act->ended || !op_is_waiting(&act->op)) {
        if (act != mover && fixture_random() % 2 == 0)
            crowd_start(pairs, act);
        return;
    }
    if (fixture_random() % 8 == 0) {
        act_abort(act);
        crowd_aborted++;
    } else if (fixture_random() % 8 == 0) {
        act_cancel(act, -ECANCELED);
    }
}

static void crowd_round(struct pair *pairs, enum pair_kind kind)
{
    for (int i = 0; i < CROWD; i++)
        if (crowd[i].ended || crowd[i].op.magic == 0)
            crowd_start(pairs, &crowd[i]);
    struct pair *pair = &pairs[fixture_random() % 4];
    if (fixture_random() % 8 == 0) {
        fixture_close(pair->sock);
        pair_close(pair);
        pair_open(pair, kind);
    }
    (void)!send(pair->peer, "one\ntwo\n", fixture_random() % 9, MSG_NOSIGNAL);
    crowd_move(&crowd[0]);
    fixture_run_rounds((unsigned)(fixture_random() % 3));
}

static void crowd_run(enum pair_kind kind)
{
    struct pair pairs[4];
    for (int i = 0; i < 4; i++)
        pair_open(&pairs[i], kind);
    crowd[0].context = pairs;
    for (int i = 0; i < CROWD; i++)
        crowd[i].ended = true;
    for (int i = 0; i < 3000; i++)
        crowd_round(pairs, kind);
    for (int i = 0; i < CROWD; i++)
        crowd[i].then = NULL;
    for (int i = 0; i < 4; i++)
        pair_close(&pairs[i]);
    net_close_all(net);
    for (int i = 0; i < CROWD; i++)
        act_end(&crowd[i]);
    cr_assert_gt(crowd_started, 3000);
    cr_assert_gt(crowd_aborted, 100);
}

Test(op, a_crowd_of_operations_over_tcp)
{
    crowd_run(PAIR_TCP);
}

Test(op, a_crowd_of_operations_over_unix)
{
    crowd_run(PAIR_UNIX);
}
