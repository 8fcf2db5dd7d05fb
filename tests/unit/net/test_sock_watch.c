/* Those who look on: they hear of each change once, see all that passes, and take nothing. */
#include "net_peers.h"

#include "net/option.h"
#include "net/sock_watch.h"

#include <math.h>

TestSuite(sock_watch, .init = fixture_up, .fini = fixture_down);

/* A watch that counts what it hears. */
struct ear {
    struct sock_watch watch;
    unsigned readable, writable, accept, eof, errors;
    int error;
    size_t available;
};

static void on_news(struct sock_watch *watch, const struct sock_news *news)
{
    struct ear *ear = CONTAINER_OF(watch, struct ear, watch);
    ear->readable += (news->events & SOCK_READABLE) != 0;
    ear->writable += (news->events & SOCK_WRITABLE) != 0;
    ear->accept += (news->events & SOCK_ACCEPT) != 0;
    ear->eof += (news->events & SOCK_EOF) != 0;
    ear->errors += (news->events & SOCK_ERROR) != 0;
    if (news->events & SOCK_READABLE)
        ear->available = news->available;
    if (news->events & SOCK_ERROR)
        ear->error = news->error;
}

#define ALL (SOCK_READABLE | SOCK_WRITABLE | SOCK_ACCEPT | SOCK_EOF | SOCK_ERROR)

static void listen_to(struct ear *ear, struct sock *sock, unsigned want)
{
    *ear = (struct ear){.watch.fn = on_news};
    list_init(&ear->watch.link);
    cr_assert_eq(sock_watch_start(sock, &ear->watch, want), 0);
    cr_assert_eq(ear->readable + ear->writable + ear->eof + ear->errors, 0, "told from within");
}

static bool is_positive(void *context)
{
    return *(unsigned *)context > 0;
}

/* Runs the loop until this has been counted at all, and some rounds more for what must not come. */
static void hear(unsigned *count)
{
    fixture_run_until(is_positive, count);
    fixture_run_rounds(5);
}

static size_t take(struct sock *sock, size_t size)
{
    struct act act;
    act_sysread(&act, sock, size);
    act_run(&act, 1);
    return act.length;
}

STREAM_TEST(sock_watch, what_holds_already_is_told_at_once)
{
    struct ear ear;
    pair_say_text(pair, "hello");
    listen_to(&ear, pair->sock, ALL);
    hear(&ear.writable);
    cr_assert_eq(ear.readable, 1);
    cr_assert_eq(ear.writable, 1);
    cr_assert_eq(ear.available, 5);
    cr_assert_eq(ear.eof + ear.errors + ear.accept, 0);
    list_unlink(&ear.watch.link);
}

STREAM_TEST(sock_watch, bytes_are_told_once_and_again_when_more_come)
{
    struct ear ear;
    listen_to(&ear, pair->sock, SOCK_READABLE);
    pair_say_text(pair, "one");
    hear(&ear.readable);
    fixture_run_rounds(20);
    cr_assert_eq(ear.readable, 1);
    ear.readable = 0;
    pair_say_text(pair, "two");
    hear(&ear.readable);
    cr_assert_eq(ear.readable, 1);
    cr_assert_eq(ear.available, 6);
    cr_assert_eq(take(pair->sock, 100), 6, "nothing was taken");
    list_unlink(&ear.watch.link);
}

STREAM_TEST(sock_watch, room_that_a_write_makes_known_is_no_new_byte)
{
    struct ear ear;
    char got[4];
    listen_to(&ear, pair->sock, SOCK_READABLE);
    pair_say_text(pair, "x");
    hear(&ear.readable);
    struct act act;
    act_write(&act, pair->sock, "abcd", 4);
    act_run(&act, 1);
    pair_hear(pair, "abcd", sizeof got);
    fixture_run_rounds(20);
    cr_assert_eq(ear.readable, 1);
    list_unlink(&ear.watch.link);
}

STREAM_TEST(sock_watch, a_reader_that_drains_makes_the_next_bytes_news)
{
    struct ear ear;
    listen_to(&ear, pair->sock, SOCK_READABLE);
    for (unsigned i = 0; i < 3; i++) {
        pair_say_text(pair, "line\n");
        ear.readable = 0;
        hear(&ear.readable);
        cr_assert_eq(ear.readable, 1);
        cr_assert_eq(take(pair->sock, 100), 5);
    }
    list_unlink(&ear.watch.link);
}

STREAM_TEST(sock_watch, what_a_waiting_reader_takes_is_not_there)
{
    struct ear ear;
    struct act act;
    listen_to(&ear, pair->sock, SOCK_READABLE);
    act_read(&act, pair->sock, 4, NULL);
    act_start(&act, INFINITY);
    fixture_run_rounds(3);
    pair_say_text(pair, "four");
    cr_assert_eq(act_end(&act), 0);
    fixture_run_rounds(5);
    cr_assert_eq(ear.readable, 0);
    list_unlink(&ear.watch.link);
}

STREAM_TEST(sock_watch, bytes_that_come_back_are_news)
{
    struct ear ear;
    listen_to(&ear, pair->sock, SOCK_READABLE);
    pair_say_text(pair, "abc");
    hear(&ear.readable);
    cr_assert_eq(take(pair->sock, 3), 3);
    ear.readable = 0;
    cr_assert_eq(sock_unread(pair->sock, "abc", 3), 0);
    hear(&ear.readable);
    cr_assert_eq(ear.readable, 1);
    cr_assert_eq(ear.available, 3);
    list_unlink(&ear.watch.link);
}

struct drained {
    int peer;
    unsigned *count;
};

/* Takes what comes until something has been counted. */
static bool drain(void *context)
{
    static uint8_t got[1 << 16];
    const struct drained *drained = context;
    while (recv(drained->peer, got, sizeof got, MSG_DONTWAIT) > 0)
        ;
    return *drained->count > 0;
}

STREAM_TEST(sock_watch, writable_again_after_it_was_full)
{
    static uint8_t much[1 << 20];
    struct ear ear;
    struct act act;
    pair_squeeze(pair);
    listen_to(&ear, pair->sock, SOCK_WRITABLE);
    hear(&ear.writable);
    cr_assert_eq(ear.writable, 1);
    act_write(&act, pair->sock, much, sizeof much);
    cr_assert_eq(act_run(&act, 0.05), -ETIMEDOUT);
    cr_assert_eq(ear.writable, 1, "there is no room");
    ear.writable = 0;
    struct drained drained = {pair->peer, &ear.writable};
    fixture_run_until(drain, &drained);
    fixture_run_rounds(5);
    cr_assert_eq(ear.writable, 1);
    list_unlink(&ear.watch.link);
}

STREAM_TEST(sock_watch, the_end_is_told_once_with_bytes_still_there)
{
    struct ear ear;
    listen_to(&ear, pair->sock, SOCK_EOF | SOCK_READABLE);
    pair_say_text(pair, "last");
    pair_hang_up(pair);
    hear(&ear.eof);
    cr_assert_eq(ear.eof, 1);
    cr_assert_eq(ear.readable, 1);
    cr_assert_eq(take(pair->sock, 10), 4);
    cr_assert_eq(take(pair->sock, 10), 0);
    fixture_run_rounds(5);
    cr_assert_eq(ear.eof, 1);
    list_unlink(&ear.watch.link);
}

Test(sock_watch, an_error_is_told_and_left_to_the_next_call)
{
    struct ear ear;
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_TCP);
    listen_to(&ear, pair.sock, ALL & ~SOCK_WRITABLE);
    pair_reset(&pair);
    hear(&ear.errors);
    cr_assert_eq(ear.error, ECONNRESET);
    cr_assert_eq(ear.errors, 1);
    cr_assert_eq(ear.eof, 0, "the error is the end");
    act_sysread(&act, pair.sock, 10);
    cr_assert_eq(act_run(&act, 1), -ECONNRESET);
    act_sysread(&act, pair.sock, 10);
    cr_assert_eq(act_run(&act, 1), 0);
    list_unlink(&ear.watch.link);
    pair_close(&pair);
}

Test(sock_watch, an_error_that_was_told_is_that_of_a_write)
{
    struct ear ear;
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_TCP);
    listen_to(&ear, pair.sock, SOCK_ERROR);
    pair_reset(&pair);
    hear(&ear.errors);
    act_write(&act, pair.sock, "x", 1);
    cr_assert_eq(act_run(&act, 1), -ECONNRESET);
    act_write(&act, pair.sock, "x", 1);
    cr_assert_eq(act_run(&act, 1), -EPIPE);
    list_unlink(&ear.watch.link);
    pair_close(&pair);
}

Test(sock_watch, an_error_that_was_told_is_that_of_the_option)
{
    struct ear ear;
    struct pair pair;
    struct option_value value;
    const struct option *option = option_find(SOL_SOCKET, "SO_ERROR");
    pair_open(&pair, PAIR_TCP);
    listen_to(&ear, pair.sock, SOCK_ERROR);
    pair_reset(&pair);
    hear(&ear.errors);
    cr_assert_eq(sock_get_option(pair.sock, option, &value), 0);
    cr_assert_eq(value.integer, ECONNRESET);
    cr_assert_eq(sock_get_option(pair.sock, option, &value), 0);
    cr_assert_eq(value.integer, 0);
    list_unlink(&ear.watch.link);
    pair_close(&pair);
}

Test(sock_watch, an_error_that_a_call_met_first_is_told_too)
{
    struct ear ear;
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_TCP);
    listen_to(&ear, pair.sock, SOCK_ERROR | SOCK_EOF);
    fixture_run_rounds(2);
    act_read(&act, pair.sock, 1, NULL);
    act_start(&act, INFINITY);
    pair_reset(&pair);
    cr_assert_eq(act_end(&act), -ECONNRESET);
    fixture_run_rounds(5);
    cr_assert_eq(ear.errors, 1);
    cr_assert_eq(ear.error, ECONNRESET);
    cr_assert_eq(ear.eof, 0);
    list_unlink(&ear.watch.link);
    pair_close(&pair);
}

Test(sock_watch, a_refused_connection_is_an_error)
{
    struct ear ear;
    struct address at;
    struct sock *sock;
    struct act act;
    char port[16];
    int dead = fixture_dead_port(&at, port);
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 0, &sock), 0);
    listen_to(&ear, sock, ALL);
    fixture_run_rounds(5);
    cr_assert_eq(ear.writable + ear.eof + ear.readable, 0, "unconnected is neither");
    act_connect(&act, sock, &at);
    cr_assert_eq(act_run(&act, 5), -ECONNREFUSED);
    cr_assert_eq(ear.error, ECONNREFUSED);
    list_unlink(&ear.watch.link);
    sock_unref(sock);
    close(dead);
}

Test(sock_watch, a_connection_that_stands_is_writable)
{
    struct ear ear;
    struct address at;
    struct sock *listener = fixture_listener(&at), *sock;
    struct act act;
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 0, &sock), 0);
    listen_to(&ear, sock, ALL);
    fixture_run_rounds(3);
    act_connect(&act, sock, &at);
    cr_assert_eq(act_run(&act, 5), 0);
    hear(&ear.writable);
    cr_assert_eq(ear.writable, 1);
    list_unlink(&ear.watch.link);
    sock_unref(sock);
    sock_unref(listener);
}

Test(sock_watch, connections_to_accept)
{
    struct ear ear;
    struct address at;
    struct act act;
    struct sock *listener = fixture_listener(&at);
    listen_to(&ear, listener, ALL);
    int first = fixture_dial(&at); /* before the watch has looked for the first time */
    hear(&ear.accept);
    cr_assert_eq(ear.accept, 1);
    int second = fixture_dial(&at);
    ear.accept = 0;
    hear(&ear.accept);
    cr_assert_eq(ear.accept, 1);
    cr_assert_eq(ear.readable + ear.writable, 0);
    for (int i = 0; i < 2; i++) {
        act_accept(&act, listener);
        cr_assert_eq(act_run(&act, 1), 0);
        if (i == 0)
            sock_unref(act.sock);
    }
    ear.accept = 0;
    sock_unaccept(listener, act.sock);
    hear(&ear.accept);
    cr_assert_eq(ear.accept, 1, "one that comes back");
    list_unlink(&ear.watch.link);
    sock_unref(listener);
    close(first);
    close(second);
}

static struct address dialled;
static int dialling;

static void dial_from_a_task(struct loop_task *task)
{
    (void)task;
    dialling = fixture_dial(&dialled);
}

Test(sock_watch, a_connection_right_after_the_first_look_is_told)
{
    struct ear ear;
    struct loop_task task;
    struct sock *listener = fixture_listener(&dialled);
    fixture_run_rounds(3);
    listen_to(&ear, listener, SOCK_ACCEPT);
    loop_task_init(&task, dial_from_a_task);
    loop_defer(loop, &task); /* behind the look, in the same round */
    hear(&ear.accept);
    cr_assert_eq(ear.accept, 1);
    list_unlink(&ear.watch.link);
    sock_unref(listener);
    close(dialling);
}

Test(sock_watch, messages_are_readable_and_the_end_of_a_connection_is_none)
{
    static const enum pair_kind kinds[] = {PAIR_DGRAM, PAIR_SEQPACKET};
    for (size_t i = 0; i < 2; i++) {
        struct ear ear;
        struct pair pair;
        pair_open(&pair, kinds[i]);
        listen_to(&ear, pair.sock, SOCK_READABLE | SOCK_EOF);
        cr_assert_eq(send(pair.peer, "one", 3, 0), 3);
        hear(&ear.readable);
        cr_assert_eq(ear.readable, 1);
        cr_assert_eq(take(pair.sock, 10), 3);
        cr_assert_eq(send(pair.peer, "two", 3, 0), 3);
        ear.readable = 0;
        hear(&ear.readable);
        cr_assert_eq(take(pair.sock, 10), 3);
        ear.readable = 0;
        if (kinds[i] == PAIR_SEQPACKET) {
            pair_hang_up(&pair);
            hear(&ear.eof);
            cr_assert_eq(ear.readable, 0);
        }
        list_unlink(&ear.watch.link);
        pair_close(&pair);
    }
}

Test(sock_watch, several_watches_and_other_wishes)
{
    struct ear one, two;
    struct pair pair;
    pair_open(&pair, PAIR_TCP);
    listen_to(&one, pair.sock, SOCK_WRITABLE);
    listen_to(&two, pair.sock, SOCK_READABLE);
    pair_say_text(&pair, "x");
    hear(&two.readable);
    cr_assert_eq(one.readable, 0);
    cr_assert_eq(two.writable, 0);
    cr_assert_eq(sock_watch_start(pair.sock, &one.watch, SOCK_READABLE), 0);
    hear(&one.readable);
    cr_assert_eq(two.readable, 1);
    list_unlink(&one.watch.link);
    list_unlink(&two.watch.link);
    pair_close(&pair);
}

/* ---- taps ---- */

struct eye {
    struct sock_tap tap;
    uint8_t in[256], out[256];
    size_t received, sent;
    unsigned pieces;
};

static void on_bytes(struct sock_tap *tap, unsigned direction, const void *data, size_t length)
{
    struct eye *eye = CONTAINER_OF(tap, struct eye, tap);
    bool in = direction == LOOP_READ;
    uint8_t *to = in ? eye->in + eye->received : eye->out + eye->sent;
    size_t *count = in ? &eye->received : &eye->sent;
    cr_assert_leq(*count + length, sizeof eye->in);
    memcpy(to, data, length);
    *count += length;
    eye->pieces++;
}

static void look_at(struct eye *eye, struct sock *sock)
{
    *eye = (struct eye){.tap.fn = on_bytes};
    list_init(&eye->tap.link);
    cr_assert_eq(sock_tap_start(sock, &eye->tap), 0);
}

STREAM_TEST(sock_watch, a_tap_sees_both_directions_and_takes_nothing)
{
    struct eye eye;
    struct act act;
    look_at(&eye, pair->sock);
    pair_say_text(pair, "line\nrest");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, "line\n");
    act_send(&act, pair->sock, "ab", 2, 0);
    act_run(&act, 1);
    act_write(&act, pair->sock, "cd", 2);
    act_run(&act, 1);
    pair_hear(pair, "abcd", 4);
    cr_assert_eq(take(pair->sock, 10), 4);
    cr_assert_eq(eye.received, 9);
    cr_assert_eq(memcmp(eye.in, "line\nrest", 9), 0);
    cr_assert_eq(eye.sent, 4);
    cr_assert_eq(memcmp(eye.out, "abcd", 4), 0);
    list_unlink(&eye.tap.link);
    pair_say_text(pair, "more");
    cr_assert_eq(take(pair->sock, 10), 4);
    cr_assert_eq(eye.received, 9, "it is gone");
}

Test(sock_watch, a_tap_sees_messages_once_and_empty_ones)
{
    struct eye eye;
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_DGRAM);
    look_at(&eye, pair.sock);
    cr_assert_eq(send(pair.peer, "one", 3, 0), 3);
    act_recv(&act, pair.sock, 10, MSG_PEEK);
    act_run(&act, 1);
    cr_assert_eq(eye.pieces, 0);
    cr_assert_eq(take(pair.sock, 10), 3);
    cr_assert_eq(eye.pieces, 1);
    cr_assert_eq(send(pair.peer, "", 0, 0), 0);
    act_recv(&act, pair.sock, 10, 0);
    act_run(&act, 1);
    cr_assert_eq(eye.pieces, 2);
    cr_assert_eq(eye.received, 3);
    list_unlink(&eye.tap.link);
    pair_close(&pair);
}
