/* write, send and syswrite: all of it or one piece of it, in turn. */
#include "net_peers.h"

#include <math.h>
#include <signal.h>

TestSuite(write, .init = fixture_up, .fini = fixture_down);

/* Sends until the kernel takes no more; how much it took. */
static size_t fill(struct pair *pair, const uint8_t *bytes, size_t length)
{
    struct act act;
    size_t sent = 0;
    do {
        act_send(&act, pair->sock, bytes + sent, length - sent, MSG_DONTWAIT);
        act_start(&act, INFINITY);
        sent += act.length;
    } while (act.status == 0);
    cr_assert_eq(act.status, -EAGAIN);
    cr_assert_lt(sent, length);
    return sent;
}

STREAM_TEST(write, sends_all_at_once_where_there_is_room)
{
    struct act act;
    act_write(&act, pair->sock, "hello", 5);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, 0);
    cr_assert_eq(act.length, 5);
    pair_hear(pair, "hello", 5);
}

STREAM_TEST(write, of_nothing_is_done)
{
    struct act act;
    act_write(&act, pair->sock, "", 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, 0);
    cr_assert_eq(act.length, 0);
}

STREAM_TEST(write, of_ten_mebibytes_to_a_slow_reader_arrives_whole)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act;
    act_write(&act, pair->sock, bytes, SIZE);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_hear(pair, bytes, SIZE);
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.length, SIZE);
    struct sock_counters counters;
    sock_counters(pair->sock, &counters);
    cr_assert_eq(counters.bytes_out, SIZE);
}

STREAM_TEST(write, writers_do_not_mix)
{
    enum { SIZE = 8 << 20 };
    struct act acts[3];
    uint8_t *bytes = fixture_memory((size_t)SIZE * 3);
    for (int i = 0; i < 3; i++) {
        memset(bytes + (size_t)i * SIZE, 'a' + i, SIZE);
        act_write(&acts[i], pair->sock, bytes + (size_t)i * SIZE, SIZE);
        cr_assert_eq(act_start(&acts[i], INFINITY), OP_WAIT);
    }
    pair_hear(pair, bytes, (size_t)SIZE * 3);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(act_end(&acts[i]), 0);
        cr_assert_eq(acts[i].order, i + 1);
    }
}

STREAM_TEST(write, goes_on_beside_a_read)
{
    struct act reader, writer;
    uint8_t *bytes = fixture_pattern(4 << 20);
    act_read(&reader, pair->sock, 5, NULL);
    act_start(&reader, INFINITY);
    act_write(&writer, pair->sock, bytes, 4 << 20);
    act_start(&writer, INFINITY);
    pair_say_text(pair, "hello");
    cr_assert_eq(act_end(&reader), 0);
    cr_assert_not(writer.ended);
    pair_hear(pair, bytes, 4 << 20);
    cr_assert_eq(act_end(&writer), 0);
}

STREAM_TEST(write, a_timeout_tells_what_went_out)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act;
    act_write(&act, pair->sock, bytes, SIZE);
    cr_assert_eq(act_run(&act, 0.01), -ETIMEDOUT);
    cr_assert(act.length > 0 && act.length < SIZE);
    pair_hear(pair, bytes, act.length);
    uint8_t byte;
    fixture_run_rounds(2);
    cr_assert_eq(pair_peek(pair, &byte, 1), -EAGAIN, "more went out than it says");
}

STREAM_TEST(write, the_next_writer_goes_on_after_a_timeout)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act first, second;
    act_write(&first, pair->sock, bytes, SIZE);
    act_write(&second, pair->sock, "after", 5);
    act_start(&first, 0.01);
    act_start(&second, INFINITY);
    cr_assert_eq(act_end(&first), -ETIMEDOUT);
    pair_hear(pair, bytes, first.length);
    pair_hear(pair, "after", 5);
    cr_assert_eq(act_end(&second), 0);
}

STREAM_TEST(write, a_cancelled_one_tells_what_went_out)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act;
    act_write(&act, pair->sock, bytes, SIZE);
    act_start(&act, INFINITY);
    act_cancel(&act, -ECANCELED);
    cr_assert_eq(act_end(&act), -ECANCELED);
    cr_assert_gt(act.length, 0);
    pair_hear(pair, bytes, act.length);
}

STREAM_TEST(write, to_a_closed_peer_is_epipe_and_no_signal)
{
    struct act act;
    signal(SIGPIPE, SIG_DFL);
    pair_hang_up(pair);
    do { /* over TCP the first one may still go out */
        act_write(&act, pair->sock, "x", 1);
        act_run(&act, INFINITY);
        fixture_run_rounds(1);
    } while (act.status == 0);
    cr_assert(act.status == -EPIPE || act.status == -ECONNRESET, "%s", strerror(-act.status));
    act_write(&act, pair->sock, "x", 1);
    cr_assert_eq(act_run(&act, INFINITY), -EPIPE);
    cr_assert_eq(sock_errno(pair->sock), EPIPE);
}

STREAM_TEST(write, a_waiting_one_hears_of_a_broken_pipe)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act first, second;
    act_write(&first, pair->sock, bytes, SIZE);
    act_write(&second, pair->sock, bytes, SIZE);
    act_start(&first, INFINITY);
    act_start(&second, INFINITY);
    pair_hang_up(pair);
    act_end(&first);
    cr_assert(first.status == -EPIPE || first.status == -ECONNRESET);
    cr_assert_eq(act_end(&second), -EPIPE);
    cr_assert_gt(first.length, 0);
    cr_assert_eq(second.length, 0);
}

STREAM_TEST(write, after_shutdown_is_epipe)
{
    struct act act;
    cr_assert_eq(sock_shutdown(pair->sock, SHUT_WR), 0);
    act_write(&act, pair->sock, "x", 1);
    cr_assert_eq(act_run(&act, INFINITY), -EPIPE);
}

STREAM_TEST(write, shutdown_wakes_a_waiting_one)
{
    enum { SIZE = 10 << 20 };
    struct act act;
    act_write(&act, pair->sock, fixture_pattern(SIZE), SIZE);
    act_start(&act, INFINITY);
    cr_assert_eq(sock_shutdown(pair->sock, SHUT_WR), 0);
    cr_assert_eq(act_end(&act), -EPIPE);
}

STREAM_TEST(write, waits_on_a_non_blocking_socket_too)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act;
    sock_set_nonblock(pair->sock, true);
    act_write(&act, pair->sock, bytes, SIZE);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_hear(pair, bytes, SIZE);
    cr_assert_eq(act_end(&act), 0);
}

/* ---- send ---- */

STREAM_TEST(write, send_may_send_less)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act;
    act_send(&act, pair->sock, bytes, SIZE, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, 0);
    cr_assert(act.length > 0 && act.length < SIZE);
    pair_hear(pair, bytes, act.length);
}

STREAM_TEST(write, send_waits_for_room)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act;
    size_t sent = fill(pair, bytes, SIZE);
    act_send(&act, pair->sock, bytes + sent, SIZE - sent, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_hear(pair, bytes, sent);
    cr_assert_eq(act_end(&act), 0);
    cr_assert_gt(act.length, 0);
}

STREAM_TEST(write, send_without_blocking_is_eagain)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act;
    fill(pair, bytes, SIZE);
    sock_set_nonblock(pair->sock, true);
    act_send(&act, pair->sock, "x", 1, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    cr_assert_eq(act.length, 0);
}

STREAM_TEST(write, without_blocking_room_that_came_since_the_last_round_is_not_seen)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE), *heard = fixture_memory(SIZE);
    struct act act;
    size_t sent = fill(pair, bytes, SIZE), taken = 0;
    while (taken < sent) {
        ssize_t got = recv(pair->peer, heard, SIZE, 0);
        if (got < 0)
            continue; /* over TCP the rest comes by acknowledgements */
        taken += (size_t)got;
    }
    act_send(&act, pair->sock, "x", 1, MSG_DONTWAIT);
    act_start(&act, INFINITY);
    cr_assert_eq(act.status, 0);
}

STREAM_TEST(write, behind_a_writer_a_call_that_may_not_wait_is_eagain)
{
    enum { SIZE = 10 << 20 };
    struct act writer, act;
    act_write(&writer, pair->sock, fixture_pattern(SIZE), SIZE);
    act_start(&writer, INFINITY);
    act_send(&act, pair->sock, "x", 1, MSG_DONTWAIT);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    sock_set_nonblock(pair->sock, true);
    act_send(&act, pair->sock, "x", 1, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    act_abort(&writer);
}

STREAM_TEST(write, of_nothing_by_send_is_nothing)
{
    struct act act;
    act_send(&act, pair->sock, "", 0, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, 0);
    cr_assert_eq(act.length, 0);
}

Test(write, on_a_socket_that_is_not_connected_fails)
{
    struct sock *sock;
    struct act act;
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 0, &sock), 0);
    act_write(&act, sock, "x", 1);
    act_run(&act, INFINITY);
    cr_assert(act.status == -EPIPE || act.status == -ENOTCONN, "%s", strerror(-act.status));
    sock_unref(sock);
}

STREAM_TEST(write, syswrite_is_one_piece)
{
    struct act act = {.kind = ACT_OUT};
    op_syswrite(&act.op, pair->sock, "hello", 5);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.length, 5);
    pair_hear(pair, "hello", 5);
}

/* After OP_WAIT the caller may have moved the bytes: a parked operation looks where it points. */
STREAM_TEST(write, the_bytes_may_move_while_it_waits)
{
    enum { SIZE = 10 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE), *copy = fixture_memory(SIZE);
    struct act act;
    memcpy(copy, bytes, SIZE);
    act_write(&act, pair->sock, copy, SIZE);
    act_start(&act, INFINITY);
    act.op.out.data = bytes;
    memset(copy, 0, SIZE);
    pair_hear(pair, bytes, SIZE);
    cr_assert_eq(act_end(&act), 0);
}
