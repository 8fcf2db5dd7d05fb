/* Output that is gathered: when it goes out, what becomes of errors, and that nothing is lost. */
#include "net_peers.h"

#include "net/gather.h"
#include "net/option.h"
#include "net/sock_private.h"

#include <math.h>

TestSuite(gather, .init = fixture_up, .fini = fixture_down);

enum { MUCH = GATHER_MAX };

/* What has been asked of the peer before; only then is anything gathered. */
static void warm(struct pair *pair)
{
    struct act act;
    act_write(&act, pair->sock, "!", 1);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    pair_hear(pair, "!", 1);
    cr_assert_eq(sock_join_loop(pair->sock), 0);
}

static void gather_text(struct pair *pair, const char *text)
{
    cr_assert(sock_gather(pair->sock, text, strlen(text)));
}

static void gather_bytes(struct pair *pair, const uint8_t *bytes, size_t length)
{
    for (size_t done = 0, piece; done < length; done += piece) {
        piece = length - done < GATHER_PIECE ? length - done : GATHER_PIECE;
        cr_assert(sock_gather(pair->sock, bytes + done, piece));
    }
}

static void expect_silence(struct pair *pair)
{
    char byte;
    cr_assert_eq(pair_peek(pair, &byte, 1), -EAGAIN);
}

/* Gathers until the kernel takes no more. All of the bytes, and how many they are. */
static const uint8_t *gather_much(struct pair *pair, size_t *length)
{
    enum { MOST = 64 * MUCH };
    const uint8_t *bytes = fixture_pattern(MOST);
    int least = 1;
    setsockopt(sock_fd(pair->sock), SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    for (*length = 0; sock_is_flushed(pair->sock); *length += MUCH) {
        cr_assert_lt(*length, MOST);
        gather_bytes(pair, bytes + *length, MUCH);
        net_flush(net);
    }
    return bytes;
}

STREAM_TEST(gather, waits_for_the_flush_and_keeps_the_order)
{
    warm(pair);
    gather_text(pair, "one ");
    gather_text(pair, "two ");
    cr_assert_not(sock_is_flushed(pair->sock));
    expect_silence(pair);
    net_flush(net);
    cr_assert(sock_is_flushed(pair->sock));
    pair_hear(pair, "one two ", 8);
}

STREAM_TEST(gather, first_bytes_go_directly)
{
    cr_assert_not(sock_gather(pair->sock, "x", 1), "who knows whether it is connected");
}

STREAM_TEST(gather, goes_before_what_is_written_and_read)
{
    struct act act;
    warm(pair);
    gather_text(pair, "first ");
    act_write(&act, pair->sock, "second", 6);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    pair_hear(pair, "first second", 12);
    gather_text(pair, "question");
    act_sysread(&act, pair->sock, 10);
    act_start(&act, INFINITY);
    pair_hear(pair, "question", 8);
    pair_say_text(pair, "answer");
    cr_assert_eq(act_end(&act), 0);
    act_expect_text(&act, "answer");
}

STREAM_TEST(gather, reading_ahead_leaves_it)
{
    struct act act;
    warm(pair);
    pair_say_text(pair, "a\nb\n");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    cr_assert_eq(act_run(&act, INFINITY), 0);
    gather_text(pair, "A");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "b\n");
    expect_silence(pair);
    net_flush(net);
    pair_hear(pair, "A", 1);
}

STREAM_TEST(gather, is_bounded)
{
    warm(pair);
    const uint8_t *bytes = fixture_pattern(MUCH);
    gather_bytes(pair, bytes, MUCH - 1);
    cr_assert_not(sock_gather(pair->sock, "xy", 2));
    net_flush(net);
    cr_assert_not(sock_gather(pair->sock, bytes, GATHER_PIECE + 1));
    pair_hear(pair, bytes, MUCH - 1);
}

STREAM_TEST(gather, what_the_kernel_does_not_take_follows)
{
    size_t length;
    struct act act;
    warm(pair);
    const uint8_t *bytes = gather_much(pair, &length);
    cr_assert_not(sock_gather(pair->sock, "x", 1), "writers queue behind it");
    act_write(&act, pair->sock, "behind", 6);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_hear(pair, bytes, length);
    pair_hear(pair, "behind", 6);
    cr_assert_eq(act_end(&act), 0);
    cr_assert(sock_is_flushed(pair->sock));
}

STREAM_TEST(gather, leaves_the_last_error_alone_when_the_rest_has_gone)
{
    size_t length;
    warm(pair);
    const uint8_t *bytes = gather_much(pair, &length);
    sock_fail(pair->sock, -EDOM);
    pair_hear(pair, bytes, length);
    cr_assert_eq(sock_errno(pair->sock), EDOM);
}

STREAM_TEST(gather, close_flushes)
{
    warm(pair);
    gather_text(pair, "the end");
    cr_assert_eq(fixture_close(pair->sock), 0);
    pair_hear(pair, "the end", 7);
}

STREAM_TEST(gather, close_leaves_nothing_behind_unsent)
{
    size_t length;
    warm(pair);
    const uint8_t *bytes = gather_much(pair, &length);
    cr_assert_eq(fixture_close(pair->sock), 0);
    pair_hear(pair, bytes, length);
}

STREAM_TEST(gather, shutdown_follows_the_bytes)
{
    size_t length;
    warm(pair);
    const uint8_t *bytes = gather_much(pair, &length);
    cr_assert_eq(sock_shutdown(pair->sock, SHUT_WR), 0);
    pair_hear(pair, bytes, length);
    char byte;
    while (pair_peek(pair, &byte, 1) == -EAGAIN)
        fixture_run_rounds(1);
    cr_assert_eq(pair_peek(pair, &byte, 1), 0, "the end");
}

STREAM_TEST(gather, last_reference_flushes)
{
    warm(pair);
    gather_text(pair, "the end");
    sock_unref(pair->sock);
    pair->sock = NULL;
    pair_hear(pair, "the end", 7);
}

STREAM_TEST(gather, detaching_sends_it_or_is_refused)
{
    warm(pair);
    gather_text(pair, "x");
    int fd = sock_detach(pair->sock);
    cr_assert_geq(fd, 0);
    pair_hear(pair, "x", 1);
    close(fd);
}

STREAM_TEST(gather, detaching_is_refused_while_some_of_it_is_left)
{
    size_t length;
    warm(pair);
    const uint8_t *bytes = gather_much(pair, &length);
    cr_assert_eq(sock_detach(pair->sock), -EBUSY);
    pair_hear(pair, bytes, length);
}

/* A unix socket tells at once that its peer is gone. */
Test(gather, error_is_that_of_the_next_call)
{
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_UNIX);
    warm(&pair);
    pair_hang_up(&pair);
    gather_text(&pair, "nobody hears");
    net_flush(net);
    act_sysread(&act, pair.sock, 10);
    cr_assert_eq(act_run(&act, INFINITY), -EPIPE);
    cr_assert_eq(sock_errno(pair.sock), EPIPE);
    cr_assert_not(sock_gather(pair.sock, "x", 1), "from now on it shows at once");
    act_sysread(&act, pair.sock, 10);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    cr_assert(act.eof);
    pair_close(&pair);
}

Test(gather, error_shows_in_whatever_enters_the_kernel)
{
    struct pair pair;
    struct option_value value;
    pair_open(&pair, PAIR_UNIX);
    warm(&pair);
    pair_hang_up(&pair);
    gather_text(&pair, "nobody hears");
    static const struct option keepalive = {.level = SOL_SOCKET, .number = SO_KEEPALIVE};
    cr_assert_eq(sock_get_option(pair.sock, &keepalive, &value), -EPIPE);
    cr_assert_eq(sock_get_option(pair.sock, &keepalive, &value), 0);
    pair_close(&pair);
}

/* A peer that has gone shows in the write behind the one that its kernel refused. */
STREAM_TEST(gather, nothing_while_the_loop_could_not_tell_of_the_peers_end)
{
    struct act act;
    pair_say_text(pair, "?");
    act_read(&act, pair->sock, 1, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_not(sock_gather(pair->sock, "1", 1));
    cr_assert_eq(loop_busy(loop), 0);
    act_write(&act, pair->sock, "1", 1);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_not(sock_gather(pair->sock, "2", 1));
    cr_assert_eq(loop_busy(loop), 1);
    cr_assert(sock_gather(pair->sock, "3", 1));
    net_flush(net);
    pair_hear(pair, "13", 2);
    pair_hang_up(pair);
    fixture_run_rounds(5);
    cr_assert_not(sock_gather(pair->sock, "4", 1));
}

Test(gather, many_sockets_at_a_time)
{
    struct pair pairs[2 * GATHER_SPARE];
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        pair_open(&pairs[i], PAIR_UNIX);
        warm(&pairs[i]);
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        gather_text(&pairs[i], "to all");
    net_flush(net);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        pair_hear(&pairs[i], "to all", 6);
        pair_close(&pairs[i]);
    }
}

Test(gather, no_messages)
{
    struct pair pair;
    pair_open(&pair, PAIR_SEQPACKET);
    warm(&pair);
    cr_assert_not(sock_gather(pair.sock, "x", 1));
    pair_close(&pair);
}
