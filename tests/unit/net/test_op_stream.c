/* The reader that stays. */
#include "net_peers.h"

#include "loop/loop.h"

#include <math.h>

TestSuite(op_stream, .init = fixture_up, .fini = fixture_down);

enum { PIECE = 4000 };

struct taker {
    struct op op;
    size_t room, length, pieces;
    unsigned asked;
    size_t first; /* pieces of the first turn */
    uint8_t bytes[1 << 16];
    int refuse; /* a negative error instead of taking */
    bool ended;
    int status;
};

static size_t room_of(struct op *op)
{
    struct taker *taker = CONTAINER_OF(op, struct taker, op);
    if (++taker->asked == 2)
        taker->first = taker->pieces;
    return taker->room;
}

static int take_bytes(struct op *op, const void *data, size_t length)
{
    struct taker *taker = CONTAINER_OF(op, struct taker, op);
    cr_assert_leq(length, taker->room);
    cr_assert_leq(length, PIECE);
    cr_assert_gt(length, 0);
    if (taker->refuse < 0)
        return taker->refuse;
    memcpy(taker->bytes + taker->length, data, length);
    taker->length += length;
    taker->room -= length;
    taker->pieces++;
    return 0;
}

static void on_done(struct op *op)
{
    struct taker *taker = CONTAINER_OF(op, struct taker, op);
    taker->ended = true;
    taker->status = op->status;
    op_finish(op);
}

static void start(struct taker *taker, struct sock *sock, size_t room)
{
    taker->room = room;
    taker->length = taker->pieces = taker->first = 0;
    taker->asked = 0;
    taker->refuse = 0;
    taker->ended = false;
    op_stream(&taker->op, sock, PIECE, room_of, take_bytes);
    cr_assert_eq(op_start(&taker->op, LOOP_NEVER, on_done), OP_WAIT);
    op_stream_resume(&taker->op);
}

static struct taker taker;

static bool has_length(void *context)
{
    return taker.length == *(size_t *)context;
}

static bool has_ended(void *context)
{
    (void)context;
    return taker.ended;
}

static void expect(const char *text)
{
    size_t length = strlen(text);
    fixture_run_until(has_length, &length);
    fixture_run_rounds(3);
    cr_assert_eq(taker.length, length);
    cr_assert_eq(memcmp(taker.bytes, text, length), 0);
}

STREAM_TEST(op_stream, hands_on_what_comes_and_tells_the_end)
{
    pair_say_text(pair, "before ");
    start(&taker, pair->sock, 1000);
    expect("before ");
    pair_say_text(pair, "after");
    expect("before after");
    cr_assert_eq(sock_errno(pair->sock), 0);
    pair_hang_up(pair);
    fixture_run_until(has_ended, NULL);
    cr_assert_eq(taker.status, 0);
}

STREAM_TEST(op_stream, waits_to_be_let_flow)
{
    pair_say_text(pair, "x");
    op_stream(&taker.op, pair->sock, PIECE, room_of, take_bytes);
    taker = (struct taker){.op = taker.op, .room = 10};
    cr_assert_eq(op_start(&taker.op, LOOP_NEVER, on_done), OP_WAIT);
    fixture_run_rounds(10);
    cr_assert_eq(taker.length, 0);
    op_stream_resume(&taker.op);
    expect("x");
    op_abort(&taker.op);
}

STREAM_TEST(op_stream, takes_no_more_than_there_is_room_for)
{
    struct act act;
    pair_say_text(pair, "0123456789");
    start(&taker, pair->sock, 4);
    expect("0123");
    struct sock_counters counters;
    sock_counters(pair->sock, &counters);
    cr_assert_eq(counters.read_ahead, 0, "the rest is left in the kernel");
    taker.room = 2;
    op_stream_resume(&taker.op);
    expect("012345");
    op_abort(&taker.op);
    act_sysread(&act, pair->sock, 100);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, "6789");
}

STREAM_TEST(op_stream, what_there_is_room_for_goes_on_in_one_turn)
{
    static char text[3 * PIECE + 2];
    memset(text, 'x', sizeof text - 1);
    size_t length = 2 * PIECE + 1;
    pair_say_text(pair, text);
    fixture_run_rounds(3);
    start(&taker, pair->sock, length);
    fixture_run_until(has_length, &length);
    fixture_run_rounds(3);
    cr_assert_eq(taker.length, length);
    cr_assert_eq(taker.first, 3, "the room is asked for once a turn");
    op_abort(&taker.op);
}

STREAM_TEST(op_stream, others_wait_behind_it)
{
    struct act before, behind;
    act_read(&before, pair->sock, OP_READ_ALL, "\n");
    act_start(&before, INFINITY);
    start(&taker, pair->sock, 5);
    act_sysread(&behind, pair->sock, 100);
    cr_assert_eq(act_start(&behind, INFINITY), OP_WAIT);
    pair_say_text(pair, "line\nfor itbehind");
    cr_assert_eq(act_end(&before), 0);
    act_expect_text(&before, "line\n");
    expect("for i");
    cr_assert_not(behind.ended, "a stream without room keeps its place");
    op_abort(&taker.op);
    cr_assert_eq(act_end(&behind), 0);
    act_expect_text(&behind, "tbehind");
}

STREAM_TEST(op_stream, a_reader_that_may_not_wait_is_refused)
{
    struct act act;
    pair_say_text(pair, "x");
    start(&taker, pair->sock, 0);
    act_sysread(&act, pair->sock, 1);
    cr_assert_eq(act_run(&act, 0), -ETIMEDOUT);
    sock_set_nonblock(pair->sock, true);
    act_sysread(&act, pair->sock, 1);
    cr_assert_eq(act_run(&act, INFINITY), -EAGAIN);
    op_abort(&taker.op);
}

STREAM_TEST(op_stream, the_end_is_told_without_room)
{
    start(&taker, pair->sock, 0);
    fixture_run_rounds(3);
    cr_assert_not(taker.ended);
    pair_hang_up(pair);
    fixture_run_until(has_ended, NULL);
    cr_assert_eq(taker.status, 0);
}

STREAM_TEST(op_stream, but_not_before_the_bytes)
{
    start(&taker, pair->sock, 3);
    pair_say_text(pair, "abcdef");
    expect("abc");
    pair_hang_up(pair);
    fixture_run_rounds(20);
    cr_assert_not(taker.ended);
    taker.room = 3;
    op_stream_resume(&taker.op);
    fixture_run_until(has_ended, NULL);
    cr_assert_eq(taker.length, 6);
}

Test(op_stream, an_error_ends_it)
{
    struct pair pair;
    pair_open(&pair, PAIR_TCP);
    start(&taker, pair.sock, 10);
    pair_reset(&pair);
    fixture_run_until(has_ended, NULL);
    cr_assert_eq(taker.status, -ECONNRESET);
    cr_assert_eq(sock_errno(pair.sock), ECONNRESET);
    pair_close(&pair);
}

STREAM_TEST(op_stream, closing_the_socket_ends_it)
{
    start(&taker, pair->sock, 10);
    fixture_close(pair->sock);
    cr_assert_not(taker.ended, "not from within");
    fixture_run_until(has_ended, NULL);
    cr_assert_eq(taker.status, -EBADF);
}

STREAM_TEST(op_stream, a_taker_that_refuses_leaves_the_bytes)
{
    struct act act;
    start(&taker, pair->sock, 10);
    taker.refuse = -ENOMEM;
    pair_say_text(pair, "kept");
    fixture_run_until(has_ended, NULL);
    cr_assert_eq(taker.status, -ENOMEM);
    act_sysread(&act, pair->sock, 10);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, "kept");
}

STREAM_TEST(op_stream, lets_others_have_a_turn_between_pieces)
{
    static uint8_t much[100];
    struct act act;
    struct pair other;
    pair_open(&other, PAIR_UNIX);
    start(&taker, pair->sock, 0);
    pair_say(pair, much, sizeof much);
    act_read(&act, other.sock, 1, NULL);
    act_start(&act, INFINITY);
    pair_say_text(&other, "x");
    taker.room = sizeof much;
    op_stream_resume(&taker.op);
    cr_assert_eq(act_end(&act), 0);
    size_t length = sizeof much;
    fixture_run_until(has_length, &length);
    op_abort(&taker.op);
    pair_close(&other);
}
