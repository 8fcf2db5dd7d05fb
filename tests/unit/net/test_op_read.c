/* read: limits, delimiters, the end of the stream, time, and whose turn it is. */
#include "net_peers.h"

#include "net/net_private.h"

#include <math.h>
#include <stdio.h>

TestSuite(read, .init = fixture_up, .fini = fixture_down);

/* ---- limits ---- */

STREAM_TEST(read, of_a_limit_takes_exactly_that)
{
    struct act first, second;
    pair_say_text(pair, "hello world");
    act_read(&first, pair->sock, 5, NULL);
    act_run(&first, 1);
    act_expect_text(&first, "hello");
    act_read(&second, pair->sock, 6, NULL);
    cr_assert_eq(act_start(&second, INFINITY), OP_DONE, "the bytes were read ahead");
    act_expect_text(&second, " world");
    cr_assert_not(second.eof);
}

STREAM_TEST(read, of_a_limit_waits_for_all_of_it)
{
    struct act act;
    act_read(&act, pair->sock, 6, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_say_text(pair, "abc");
    fixture_run_rounds(5);
    cr_assert_not(act.ended);
    pair_say_text(pair, "def");
    cr_assert_eq(act_end(&act), 0);
    act_expect_text(&act, "abcdef");
}

STREAM_TEST(read, of_nothing_is_nothing_at_once)
{
    struct act act;
    act_read(&act, pair->sock, 0, "\n");
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "");
    cr_assert_not(act.eof);
}

STREAM_TEST(read, waits_on_a_non_blocking_socket_too)
{
    struct act act;
    sock_set_nonblock(pair->sock, true);
    act_read(&act, pair->sock, 3, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_say_text(pair, "abc");
    cr_assert_eq(act_end(&act), 0);
    act_expect_text(&act, "abc");
}

STREAM_TEST(read, of_a_delimiter_and_a_limit_takes_what_is_first)
{
    struct act act;
    pair_say_text(pair, "ab\ncdefgh\n");
    act_read(&act, pair->sock, 5, "\n");
    act_run(&act, 1);
    act_expect_text(&act, "ab\n");
    act_read(&act, pair->sock, 5, "\n");
    act_run(&act, 1);
    act_expect_text(&act, "cdefg");
    act_read(&act, pair->sock, 2, "\n");
    act_run(&act, 1);
    act_expect_text(&act, "h\n");
}

/* ---- delimiters ---- */

STREAM_TEST(read, of_several_delimiters_takes_the_earliest_end)
{
    static const struct {
        const char *text, *delimiters[4], *expected;
    } cases[] = {
        {"a;b,c\n", {"\n", ",", ";"}, "a;"},
        {"one\r\n", {"\r\n", "\n"}, "one\r\n"},
        {"one\r\n", {"\n", "\r"}, "one\r"},
        {"xabcd", {"abcd", "bc"}, "xabc"}, /* begins later, ends earlier */
        {"xabcd", {"bcd", "abc"}, "xabc"},
        {"aab", {"ab", "aab"}, "aab"}, /* the same end */
        {"ab\n", {"", "\n"}, "ab\n"},  /* an empty one is none */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct act act, rest;
        pair_say_text(pair, cases[i].text);
        act_read_any(&act, pair->sock, OP_READ_ALL, cases[i].delimiters);
        act_run(&act, 1);
        act_expect_text(&act, cases[i].expected);
        act_read(&rest, pair->sock, strlen(cases[i].text) - act.length, NULL);
        act_run(&rest, 1);
        act_expect_text(&rest, cases[i].text + act.length);
    }
}

STREAM_TEST(read, finds_a_delimiter_that_looks_like_its_own_beginning)
{
    struct act act;
    act_read(&act, pair->sock, OP_READ_ALL, "aab");
    act_start(&act, INFINITY);
    for (const char *at = "aaaaab"; *at != '\0'; at++) {
        cr_assert_not(act.ended);
        pair_say(pair, at, 1);
        fixture_run_rounds(1);
    }
    act_end(&act);
    act_expect_text(&act, "aaaaab");
}

STREAM_TEST(read, lines_one_after_another)
{
    struct act act;
    pair_say_text(pair, "one\ntwo\n\nthree\n");
    for (const char *const *line = (const char *const[]){"one\n", "two\n", "\n", "three\n", NULL};
         *line != NULL; line++) {
        act_read(&act, pair->sock, OP_READ_ALL, "\n");
        act_run(&act, 1);
        act_expect_text(&act, *line);
    }
}

/* Says `pieces`, a zero-ended list, and reads `text` by `delimiters` line by line. */
static void hears_lines(struct pair *pair, const char *text, const size_t *cuts, size_t count,
                        const char *const *delimiters)
{
    size_t said = 0, heard = 0, length = strlen(text), cut = 0;
    struct act act;
    bool reading = false;
    while (heard < length) {
        if (!reading) {
            act_read_any(&act, pair->sock, OP_READ_ALL, delimiters);
            act_start(&act, INFINITY);
            reading = true;
        }
        if (!act.ended) {
            size_t end = cut < count ? cuts[cut++] : length;
            cr_assert(said < length, "it waits although all was said: \"%s\"", text + heard);
            if (end > said)
                pair_say(pair, text + said, end - said);
            said = end;
            fixture_run_rounds(1);
        }
        if (act.ended) {
            cr_assert_eq(act.status, 0);
            cr_assert_eq(memcmp(act.bytes, text + heard, act.length), 0);
            heard += act.length;
            cr_assert_eq(text[heard - 1], '\n');
            reading = false;
        }
    }
    cr_assert_eq(heard, length);
}

#define LINES "one\r\n\r\ntwo\rthree\r\n\n\r\r\nfour and the last\r\n"

static const char *const crlf[] = {"\r\n", NULL};

STREAM_TEST(read, delimiters_cut_in_two_at_every_byte)
{
    for (size_t cut = 0; cut <= strlen(LINES); cut++)
        hears_lines(pair, LINES, &cut, 1, crlf);
}

STREAM_TEST(read, delimiters_cut_in_three_at_every_two_bytes)
{
    for (size_t first = 0; first <= strlen(LINES); first++)
        for (size_t second = first; second <= strlen(LINES); second++)
            hears_lines(pair, LINES, (const size_t[]){first, second}, 2, crlf);
}

STREAM_TEST(read, delimiters_byte_by_byte)
{
    size_t cuts[sizeof LINES];
    for (size_t i = 0; i < sizeof LINES; i++)
        cuts[i] = i;
    hears_lines(pair, LINES, cuts, sizeof LINES - 1, crlf);
}

STREAM_TEST(read, several_delimiters_cut_at_every_byte)
{
    static const char *const delimiters[] = {"\r\n\r\n", "e\r\n", "d the last\r\n", NULL};
    static const char text[] = "one\r\n\r\n\r\ntwo\r\n\r\nthree\r\nfour and the last\r\n";
    for (size_t cut = 0; cut <= strlen(text); cut++)
        hears_lines(pair, text, &cut, 1, delimiters);
}

STREAM_TEST(read, a_delimiter_longer_than_a_piece_of_the_read_ahead)
{
    enum { SIZE = 150000 }; /* more than one recv(2) asks for */
    char *delimiter = fixture_memory(SIZE + 1);
    memset(delimiter, 'd', SIZE);
    delimiter[0] = 'D';
    struct act act, body;
    act_read(&act, pair->sock, OP_READ_ALL, delimiter);
    act_write(&body, pair->sock, "x", 1); /* whatever the other side says does not matter */
    act_start(&act, INFINITY);
    act_run(&body, 1);
    pair_say_text(pair, "Dd");
    for (size_t said = 0; said < SIZE;) {
        size_t size = SIZE - said < 1000 ? SIZE - said : 1000;
        pair_say(pair, delimiter + said, size);
        said += size;
        fixture_run_rounds(1);
    }
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.length, SIZE + 2);
    cr_assert_eq(memcmp(act.bytes + 2, delimiter, SIZE), 0);
}

/* ---- the end of the stream ---- */

STREAM_TEST(read, at_the_end_of_the_stream_gives_the_rest_and_then_nothing)
{
    struct act act;
    pair_say_text(pair, "rest");
    pair_hang_up(pair);
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, INFINITY);
    act_expect_text(&act, "rest");
    cr_assert(act.eof);
    for (int i = 0; i < 3; i++) {
        act_read(&act, pair->sock, 10, NULL);
        act_run(&act, INFINITY);
        act_expect_text(&act, "");
        cr_assert(act.eof);
    }
    cr_assert_eq(sock_errno(pair->sock), 0);
}

STREAM_TEST(read, the_end_of_the_stream_inside_a_delimiter)
{
    struct act act;
    act_read(&act, pair->sock, OP_READ_ALL, "\r\n\r\n");
    act_start(&act, INFINITY);
    pair_say_text(pair, "head\r\n\r");
    fixture_run_rounds(2);
    pair_hang_up(pair);
    act_end(&act);
    act_expect_text(&act, "head\r\n\r");
    cr_assert(act.eof);
}

STREAM_TEST(read, of_a_limit_at_the_end_of_the_stream_is_short)
{
    struct act act;
    act_read(&act, pair->sock, 100, NULL);
    act_start(&act, INFINITY);
    pair_say_text(pair, "abc");
    pair_hang_up(pair);
    act_end(&act);
    act_expect_text(&act, "abc");
    cr_assert(act.eof);
}

STREAM_TEST(read, lines_before_the_end_are_not_the_end)
{
    struct act act;
    pair_say_text(pair, "line\n");
    pair_hang_up(pair);
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, INFINITY);
    act_expect_text(&act, "line\n");
    cr_assert_not(act.eof);
}

/* ---- time ---- */

STREAM_TEST(read, a_timeout_in_the_middle_of_a_line_loses_nothing)
{
    struct act act;
    pair_say_text(pair, "first half");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    cr_assert_eq(act_run(&act, 0.01), -ETIMEDOUT);
    cr_assert_eq(sock_errno(pair->sock), ETIMEDOUT);
    pair_say_text(pair, ", second half\nmore");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, "first half, second half\n");
    cr_assert_eq(sock_errno(pair->sock), 0);
    act_read(&act, pair->sock, 4, NULL);
    act_run(&act, 1);
    act_expect_text(&act, "more");
}

STREAM_TEST(read, a_timeout_inside_a_delimiter_loses_nothing)
{
    struct act act;
    pair_say_text(pair, "line\r");
    act_read(&act, pair->sock, OP_READ_ALL, "\r\n");
    cr_assert_eq(act_run(&act, 0.001), -ETIMEDOUT);
    pair_say_text(pair, "\n");
    act_read(&act, pair->sock, OP_READ_ALL, "\r\n");
    act_run(&act, 1);
    act_expect_text(&act, "line\r\n");
}

STREAM_TEST(read, with_no_time_tries_once)
{
    struct act act;
    act_read(&act, pair->sock, 1, NULL);
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, -ETIMEDOUT);
    pair_say_text(pair, "x");
    act_read(&act, pair->sock, 1, NULL);
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    act_expect_text(&act, "x");
}

/* ---- the read-ahead's bound ---- */

static void bound_read_ahead(size_t most)
{
    fixture_configure(&(struct net_config){.max_readahead = most});
}

static void fills_up(enum pair_kind kind)
{
    struct pair pair;
    struct act act;
    bound_read_ahead(10000);
    pair_open(&pair, kind);
    uint8_t *bytes = fixture_pattern(20000);
    memset(bytes, 'x', 20000);
    pair_say(&pair, bytes, 20000);
    act_read(&act, pair.sock, OP_READ_ALL, "\n");
    cr_assert_eq(act_run(&act, INFINITY), -ENOBUFS);
    cr_assert_eq(sock_errno(pair.sock), ENOBUFS);
    struct sock_counters counters;
    sock_counters(pair.sock, &counters);
    cr_assert_eq(counters.read_ahead, 10000);

    /* an explicit limit above the bound has its room */
    act_read(&act, pair.sock, 15000, "\n");
    cr_assert_eq(act_run(&act, INFINITY), 0);
    act_expect(&act, bytes, 15000);

    /* one below it never fails */
    act_read(&act, pair.sock, 5000, "\n");
    cr_assert_eq(act_run(&act, INFINITY), 0);
    act_expect(&act, bytes, 5000);
    pair_close(&pair);
}

Test(read, a_full_read_ahead_keeps_its_bytes_over_tcp)
{
    fills_up(PAIR_TCP);
}

Test(read, a_full_read_ahead_keeps_its_bytes_over_unix)
{
    fills_up(PAIR_UNIX);
}

Test(read, a_line_that_just_fits_is_read)
{
    struct pair pair;
    struct act act;
    bound_read_ahead(10000);
    pair_open(&pair, PAIR_UNIX);
    uint8_t *bytes = fixture_memory(10001);
    memset(bytes, 'x', 10001);
    bytes[9999] = '\n';
    pair_say(&pair, bytes, 10001);
    act_read(&act, pair.sock, OP_READ_ALL, "\n");
    act_run(&act, INFINITY);
    act_expect(&act, bytes, 10000);
    pair_close(&pair);
}

Test(read, without_a_bound_of_its_own_16_mib_is_one)
{
    struct pair pair;
    struct act act;
    enum { MOST = 16 << 20, STEP = 64 << 10 };
    pair_open(&pair, PAIR_UNIX);
    uint8_t *bytes = fixture_memory(STEP);
    memset(bytes, 'x', STEP);
    act_read(&act, pair.sock, OP_READ_ALL, "\n");
    act_start(&act, INFINITY);
    for (size_t said = 0; said < MOST; said += STEP) {
        cr_assert_not(act.ended);
        pair_say(&pair, bytes, STEP);
        fixture_run_rounds(2);
    }
    cr_assert_eq(act_end(&act), -ENOBUFS);
    act_recv(&act, pair.sock, MOST, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.length, MOST);
    pair_close(&pair);
}

/* ---- the search ---- */

static size_t scanned_of(struct pair *pair)
{
    return pair->sock->scanned;
}

STREAM_TEST(read, a_waiting_read_has_scanned_all_that_is_there)
{
    struct act act;
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_start(&act, INFINITY);
    for (size_t i = 1; i <= 100; i++) {
        pair_say_text(pair, "x");
        fixture_run_rounds(1);
        cr_assert_eq(scanned_of(pair), i);
    }
    pair_say_text(pair, "\n");
    act_end(&act);
    cr_assert_eq(act.length, 101);
    cr_assert_eq(scanned_of(pair), 0);
}

STREAM_TEST(read, what_was_scanned_for_one_delimiter_counts_for_that_only)
{
    struct act act;
    pair_say_text(pair, "a;b,c\n");
    act_read(&act, pair->sock, OP_READ_ALL, "#");
    cr_assert_eq(act_run(&act, 0.001), -ETIMEDOUT);
    act_read(&act, pair->sock, OP_READ_ALL, ",");
    act_run(&act, 1);
    act_expect_text(&act, "a;b,");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    act_expect_text(&act, "c\n");
}

STREAM_TEST(read, a_delimiter_found_and_not_consumed_is_found_again)
{
    struct act act;
    pair_say_text(pair, "line\nnext\n");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act.decline = true;
    act_run(&act, 1);
    act_expect_text(&act, "line\n");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    act_expect_text(&act, "line\n");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    act_expect_text(&act, "next\n");
}

STREAM_TEST(read, scanned_bytes_that_another_call_takes_are_forgotten)
{
    struct act act;
    pair_say_text(pair, "abcdef");
    act_read(&act, pair->sock, OP_READ_ALL, "fg");
    cr_assert_eq(act_run(&act, 0.001), -ETIMEDOUT);
    act_sysread(&act, pair->sock, 3);
    act_run(&act, 1);
    act_expect_text(&act, "abc");
    pair_say_text(pair, "g");
    act_read(&act, pair->sock, OP_READ_ALL, "fg");
    act_run(&act, 1);
    act_expect_text(&act, "defg");
}

/* One mebibyte that ends in nearly the delimiter at each byte: what looks at bytes twice would
 * need hours. */
Test(read, a_mebibyte_byte_by_byte)
{
    enum { SIZE = 1 << 20 };
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_UNIX);
    act_read(&act, pair.sock, OP_READ_ALL, "aaaaaaaab");
    act_start(&act, INFINITY);
    for (int i = 0; i < SIZE; i++) {
        cr_assert_eq(send(pair.peer, "a", 1, 0), 1);
        if (i % 64 == 0)
            fixture_run_rounds(1);
    }
    pair_say_text(&pair, "b");
    act_end(&act);
    cr_assert_eq(act.length, SIZE + 1);
    pair_close(&pair);
}

/* ---- whose turn it is ---- */

STREAM_TEST(read, readers_are_served_in_the_order_in_which_they_came)
{
    struct act acts[10];
    char text[sizeof acts / sizeof acts[0] * 2 + 1];
    for (unsigned i = 0; i < 10; i++) {
        act_read(&acts[i], pair->sock, 2, NULL);
        cr_assert_eq(act_start(&acts[i], INFINITY), OP_WAIT);
        snprintf(text + i * 2, 3, "%02u", i);
    }
    pair_say(pair, text, 20);
    for (unsigned i = 0; i < 10; i++) {
        cr_assert_eq(act_end(&acts[i]), 0);
        cr_assert_eq(acts[i].order, i + 1);
        act_expect(&acts[i], text + i * 2, 2);
    }
}

STREAM_TEST(read, a_queued_reader_that_times_out_just_leaves)
{
    struct act first, second, third;
    act_read(&first, pair->sock, 3, NULL);
    act_read(&second, pair->sock, 3, NULL);
    act_read(&third, pair->sock, 3, NULL);
    act_start(&first, INFINITY);
    act_start(&second, 0.001);
    act_start(&third, INFINITY);
    cr_assert_eq(act_end(&second), -ETIMEDOUT);
    cr_assert_not(first.ended || third.ended);
    pair_say_text(pair, "onetwo");
    act_end(&third);
    act_expect_text(&first, "one");
    act_expect_text(&third, "two");
}

STREAM_TEST(read, the_next_reader_hangs_when_the_first_times_out)
{
    struct act first, second;
    act_read(&first, pair->sock, 100, NULL);
    act_read(&second, pair->sock, 3, NULL);
    act_start(&first, 0.02);
    act_start(&second, INFINITY);
    pair_say_text(pair, "abc");
    cr_assert_eq(act_end(&first), -ETIMEDOUT);
    cr_assert_eq(act_end(&second), 0);
    act_expect_text(&second, "abc");
}

STREAM_TEST(read, the_next_reader_hangs_when_the_first_is_cancelled)
{
    struct act first, second;
    act_read(&first, pair->sock, 100, NULL);
    act_read(&second, pair->sock, 3, NULL);
    act_start(&first, INFINITY);
    act_start(&second, INFINITY);
    pair_say_text(pair, "abc");
    fixture_run_rounds(3);
    act_cancel(&first, -ECANCELED);
    cr_assert_eq(act_end(&first), -ECANCELED);
    cr_assert_eq(act_end(&second), 0);
    act_expect_text(&second, "abc");
}

STREAM_TEST(read, the_next_reader_is_served_when_the_first_is_aborted)
{
    struct act first, second;
    act_read(&first, pair->sock, 100, NULL);
    act_read(&second, pair->sock, 3, NULL);
    act_start(&first, INFINITY);
    act_start(&second, INFINITY);
    pair_say_text(pair, "abc");
    fixture_run_rounds(3);
    act_abort(&first);
    cr_assert_eq(act_end(&second), 0);
    act_expect_text(&second, "abc");
}

STREAM_TEST(read, behind_a_queued_reader_a_non_blocking_call_would_block)
{
    struct act reader, act;
    act_read(&reader, pair->sock, 100, NULL);
    act_start(&reader, INFINITY);
    pair_say_text(pair, "abc");
    fixture_run_rounds(2);
    sock_set_nonblock(pair->sock, true);
    act_recv(&act, pair->sock, 3, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    act_sysread(&act, pair->sock, 3);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    act_abort(&reader);
}

STREAM_TEST(read, behind_a_queued_reader_dontwait_waits)
{
    struct act reader, act;
    act_read(&reader, pair->sock, 100, NULL);
    act_start(&reader, INFINITY);
    act_recv(&act, pair->sock, 3, MSG_DONTWAIT);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    act_abort(&reader);
}

STREAM_TEST(read, the_end_of_the_stream_is_told_to_every_reader)
{
    struct act acts[3];
    for (int i = 0; i < 3; i++) {
        act_read(&acts[i], pair->sock, 2, NULL);
        act_start(&acts[i], INFINITY);
    }
    pair_say_text(pair, "abc");
    pair_hang_up(pair);
    act_end(&acts[2]);
    act_expect_text(&acts[0], "ab");
    act_expect_text(&acts[1], "c");
    act_expect_text(&acts[2], "");
    cr_assert(!acts[0].eof && acts[1].eof && acts[2].eof);
}

/* ---- recv ---- */

STREAM_TEST(read, recv_of_a_size_waits_for_all_of_it)
{
    struct act act;
    act_recv(&act, pair->sock, 6, 0);
    act_start(&act, INFINITY);
    pair_say_text(pair, "abc");
    fixture_run_rounds(3);
    cr_assert_not(act.ended);
    pair_say_text(pair, "defgh");
    act_end(&act);
    act_expect_text(&act, "abcdef");
    act_recv(&act, pair->sock, 2, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "gh");
}

STREAM_TEST(read, recv_without_blocking_takes_what_is_there)
{
    struct act act;
    sock_set_nonblock(pair->sock, true);
    act_recv(&act, pair->sock, 10, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    cr_assert_eq(sock_errno(pair->sock), EAGAIN);
    pair_say_text(pair, "abc");
    fixture_run_rounds(2);
    act_recv(&act, pair->sock, 10, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "abc");
}

/* Nothing but the kernel knows what is there now: the loop may not have looked since. */
STREAM_TEST(read, without_blocking_bytes_that_came_since_the_last_round_are_not_seen)
{
    struct act act;
    sock_set_nonblock(pair->sock, true);
    for (int i = 0; i < 3; i++) {
        act_recv(&act, pair->sock, 10, 0);
        act_start(&act, INFINITY);
        cr_assert_eq(act.status, -EAGAIN);
        pair_say_text(pair, "abc");
        act_recv(&act, pair->sock, 10, 0);
        act_start(&act, INFINITY);
        act_expect_text(&act, "abc");
    }
}

STREAM_TEST(read, with_no_time_bytes_that_came_since_the_last_round_are_not_seen)
{
    struct act act;
    act_read(&act, pair->sock, 3, NULL);
    act_start(&act, 0);
    cr_assert_eq(act.status, -ETIMEDOUT);
    pair_say_text(pair, "abc");
    act_read(&act, pair->sock, 3, NULL);
    act_start(&act, 0);
    act_expect_text(&act, "abc");
    act_recv(&act, pair->sock, 3, MSG_DONTWAIT);
    act_start(&act, INFINITY);
    cr_assert_eq(act.status, -EAGAIN);
    pair_say_text(pair, "def");
    act_recv(&act, pair->sock, 3, MSG_DONTWAIT);
    act_start(&act, INFINITY);
    act_expect_text(&act, "def");
}

STREAM_TEST(read, recv_of_any_waits_for_the_first_byte)
{
    struct act act;
    act_recv(&act, pair->sock, OP_RECV_ANY, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_say_text(pair, "x");
    act_end(&act);
    act_expect_text(&act, "x");
}

STREAM_TEST(read, recv_of_any_takes_at_most_512_bytes)
{
    struct act act;
    uint8_t *bytes = fixture_pattern(1300);
    pair_say(pair, bytes, 1300);
    size_t at = 0;
    for (size_t expected = 512; at < 1300; at += expected) {
        expected = 1300 - at < 512 ? 1300 - at : 512;
        act_recv(&act, pair->sock, OP_RECV_ANY, 0);
        act_run(&act, 1);
        act_expect(&act, bytes + at, expected);
    }
}

STREAM_TEST(read, recv_of_nothing_is_nothing)
{
    struct act act;
    act_recv(&act, pair->sock, 0, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "");
    cr_assert_not(act.eof);
}

STREAM_TEST(read, recv_at_the_end_gives_the_rest)
{
    struct act act;
    pair_say_text(pair, "abc");
    pair_hang_up(pair);
    act_recv(&act, pair->sock, 10, 0);
    act_run(&act, INFINITY);
    act_expect_text(&act, "abc");
    cr_assert(act.eof);
    act_recv(&act, pair->sock, OP_RECV_ANY, 0);
    act_run(&act, INFINITY);
    act_expect_text(&act, "");
    cr_assert(act.eof);
}

STREAM_TEST(read, peek_consumes_nothing)
{
    struct act act;
    pair_say_text(pair, "abcdef");
    for (int i = 0; i < 3; i++) {
        act_recv(&act, pair->sock, 3, MSG_PEEK);
        act_run(&act, 1);
        act_expect_text(&act, "abc");
    }
    act_recv(&act, pair->sock, 6, 0);
    act_run(&act, 1);
    act_expect_text(&act, "abcdef");
}

STREAM_TEST(read, dontwait_does_not_wait)
{
    struct act act;
    act_recv(&act, pair->sock, 10, MSG_DONTWAIT);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    pair_say_text(pair, "abc");
    fixture_run_rounds(2);
    act_recv(&act, pair->sock, 10, MSG_DONTWAIT);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "abc");
}

STREAM_TEST(read, waitall_waits_for_all)
{
    struct act act;
    act_recv(&act, pair->sock, 6, MSG_WAITALL);
    act_start(&act, INFINITY);
    pair_say_text(pair, "abc");
    fixture_run_rounds(3);
    cr_assert_not(act.ended);
    pair_say_text(pair, "def");
    act_end(&act);
    act_expect_text(&act, "abcdef");
}

/* ---- sysread ---- */

STREAM_TEST(read, sysread_takes_what_is_there)
{
    struct act act;
    act_sysread(&act, pair->sock, 100);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_say_text(pair, "abcdef");
    act_end(&act);
    act_expect_text(&act, "abcdef");
    cr_assert_not(act.eof);
}

STREAM_TEST(read, sysread_takes_from_the_read_ahead_first)
{
    struct act act;
    pair_say_text(pair, "line\nrest");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    pair_say_text(pair, "more");
    act_sysread(&act, pair->sock, 2);
    act_start(&act, INFINITY);
    act_expect_text(&act, "re");
    act_sysread(&act, pair->sock, 100);
    act_start(&act, INFINITY);
    act_expect_text(&act, "st");
    act_sysread(&act, pair->sock, 100);
    act_run(&act, 1);
    act_expect_text(&act, "more");
}

STREAM_TEST(read, sysread_at_the_end_is_nothing)
{
    struct act act;
    pair_hang_up(pair);
    act_sysread(&act, pair->sock, 100);
    act_run(&act, INFINITY);
    act_expect_text(&act, "");
    cr_assert(act.eof);
}

STREAM_TEST(read, sysread_of_nothing_is_not_the_end)
{
    struct act act;
    act_sysread(&act, pair->sock, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "");
    cr_assert_not(act.eof);
}

/* ---- resets ---- */

static void open_and_reset(struct pair *pair, const char *text)
{
    pair_open(pair, PAIR_TCP);
    pair_say_text(pair, text);
    pair_reset(pair);
}

Test(read, a_reset_after_some_data_gives_the_data_then_the_error_once_then_the_end)
{
    struct pair pair;
    struct act act;
    open_and_reset(&pair, "abc");
    act_recv(&act, pair.sock, 10, 0);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    act_expect_text(&act, "abc");
    cr_assert_not(act.eof);
    act_recv(&act, pair.sock, 10, 0);
    cr_assert_eq(act_run(&act, INFINITY), -ECONNRESET);
    cr_assert_eq(sock_errno(pair.sock), ECONNRESET);
    for (int i = 0; i < 2; i++) {
        act_recv(&act, pair.sock, 10, 0);
        cr_assert_eq(act_run(&act, INFINITY), 0);
        act_expect_text(&act, "");
        cr_assert(act.eof);
    }
    pair_close(&pair);
}

Test(read, a_reset_leaves_what_was_read_ahead)
{
    struct pair pair;
    struct act act;
    open_and_reset(&pair, "abc");
    act_read(&act, pair.sock, 10, NULL);
    cr_assert_eq(act_run(&act, INFINITY), -ECONNRESET);
    act_read(&act, pair.sock, 10, NULL);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    act_expect_text(&act, "abc");
    cr_assert(act.eof);
    pair_close(&pair);
}

Test(read, a_reset_while_waiting_is_told_at_once)
{
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_TCP);
    act_sysread(&act, pair.sock, 10);
    act_start(&act, INFINITY);
    pair_reset(&pair);
    cr_assert_eq(act_end(&act), -ECONNRESET);
    pair_close(&pair);
}

/* ---- much ---- */

/* Eight mebibytes in large pieces, read by two who take turns. */
STREAM_TEST(read, much_arrives_whole_and_in_order)
{
    enum { SIZE = 8 << 20 };
    uint8_t *bytes = fixture_pattern(SIZE);
    size_t said = 0, heard = 0;
    struct act act;
    while (heard < SIZE) {
        size_t want = fixture_random() % 300000 + 1;
        want = want < SIZE - heard ? want : SIZE - heard;
        act_read(&act, pair->sock, want, NULL);
        act_start(&act, INFINITY);
        while (!act.ended) {
            ssize_t sent = send(pair->peer, bytes + said, SIZE - said, MSG_NOSIGNAL);
            said += sent > 0 ? (size_t)sent : 0;
            fixture_run_rounds(1);
        }
        act_expect(&act, bytes + heard, want);
        heard += want;
    }
    struct sock_counters counters;
    sock_counters(pair->sock, &counters);
    cr_assert_eq(counters.bytes_in, SIZE);
    cr_assert_eq(counters.read_ahead, 0);
}

/* ---- fairness ---- */

static struct act *turns[2];
static unsigned turns_taken;

static void read_again(struct act *act)
{
    struct sock *sock = act->context;
    if (++turns_taken >= 2000)
        return;
    act_sysread(act, sock, 1);
    act->then = read_again;
    act->context = sock;
    act_start(act, INFINITY);
}

static unsigned turns_at_first_round;

static void note_turns(struct loop_task *task)
{
    (void)task;
    turns_at_first_round = turns_taken;
}

/* Two readers that come back at once keep each other supplied from the read-ahead. */
STREAM_TEST(read, two_readers_that_always_come_back_keep_the_loop)
{
    struct act first, second;
    struct loop_task task;
    uint8_t *bytes = fixture_pattern(4000);
    turns[0] = &first, turns[1] = &second;
    for (int i = 0; i < 2; i++) {
        act_sysread(turns[i], pair->sock, 1);
        turns[i]->then = read_again;
        turns[i]->context = pair->sock;
        cr_assert_eq(act_start(turns[i], INFINITY), OP_WAIT);
    }
    pair_say(pair, bytes, 4000);
    loop_task_init(&task, note_turns);
    while (turns_taken == 0)
        fixture_run_rounds(1);
    loop_defer(loop, &task);
    fixture_run_rounds(1);
    cr_assert_lt(turns_at_first_round, 1000, "nobody else had a turn for %u reads",
                 turns_at_first_round);
    while (turns_taken < 2000)
        fixture_run_rounds(1);
    for (int i = 0; i < 2; i++)
        if (!turns[i]->ended)
            act_abort(turns[i]);
}

STREAM_TEST(read, ahead_serves_a_line_that_is_there_and_nothing_else)
{
    static const struct slice newline = {"\n", 1};
    struct act act;
    struct op op;
    cr_assert_not(op_read_ahead(&op, pair->sock, &newline), "nothing has come yet");
    pair_say_text(pair, "a\nbc\nd");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    cr_assert_eq(act_run(&act, INFINITY), 0);
    act_expect_text(&act, "a\n");
    cr_assert(op_read_ahead(&op, pair->sock, &newline));
    cr_assert_eq(op.status, 0);
    cr_assert_eq(op.in.length, 3);
    cr_assert_eq(memcmp(op.in.data, "bc\n", 3), 0);
    struct op second;
    cr_assert_not(op_read_ahead(&second, pair->sock, &newline), "the first is being delivered");
    op_finish(&op);
    cr_assert(op_read_ahead(&op, pair->sock, &newline), "what was not consumed is there again");
    op_consume(&op);
    op_finish(&op);
    cr_assert_not(op_read_ahead(&op, pair->sock, &newline), "no whole line is left");
    act_sysread(&act, pair->sock, 10);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    act_expect_text(&act, "d");
}
