/* Receiving messages: their boundaries, their senders, their ends. */
#include "net_peers.h"

#include <arpa/inet.h>
#include <math.h>

TestSuite(message, .init = fixture_up, .fini = fixture_down);

/* A test on connected sockets with message boundaries. */
#define MESSAGE_TEST(name)                      \
    static void message_##name(struct pair *p); \
    Test(message, name##_of_datagrams)          \
    {                                           \
        struct pair pair;                       \
        pair_open(&pair, PAIR_DGRAM);           \
        message_##name(&pair);                  \
        pair_close(&pair);                      \
    }                                           \
    Test(message, name##_of_seqpackets)         \
    {                                           \
        struct pair pair;                       \
        pair_open(&pair, PAIR_SEQPACKET);       \
        message_##name(&pair);                  \
        pair_close(&pair);                      \
    }                                           \
    static void message_##name(struct pair *pair)

MESSAGE_TEST(boundaries_are_kept)
{
    struct act act;
    pair_say_text(pair, "one");
    pair_say_text(pair, "two two");
    pair_say_text(pair, "3");
    for (const char *const *text = (const char *const[]){"one", "two two", "3", NULL};
         *text != NULL; text++) {
        act_recv(&act, pair->sock, OP_RECV_ANY, 0);
        act_run(&act, 1);
        act_expect_text(&act, *text);
        cr_assert_not(act.eof);
    }
}

MESSAGE_TEST(one_is_waited_for)
{
    struct act first, second;
    act_recv(&first, pair->sock, OP_RECV_ANY, 0);
    act_recv(&second, pair->sock, 100, 0);
    cr_assert_eq(act_start(&first, INFINITY), OP_WAIT);
    cr_assert_eq(act_start(&second, INFINITY), OP_WAIT);
    pair_say_text(pair, "one");
    pair_say_text(pair, "two");
    act_end(&second);
    act_expect_text(&first, "one");
    act_expect_text(&second, "two");
}

MESSAGE_TEST(a_longer_one_is_cut)
{
    struct act act;
    pair_say_text(pair, "0123456789");
    pair_say_text(pair, "next");
    act_recv(&act, pair->sock, 4, 0);
    act_run(&act, 1);
    act_expect_text(&act, "0123");
    act_recv(&act, pair->sock, 4, MSG_TRUNC); /* which tells a length that is not there */
    act_run(&act, 1);
    act_expect_text(&act, "next");
}

MESSAGE_TEST(a_length_beyond_the_copy_is_not_believed)
{
    struct act act;
    pair_say_text(pair, "0123456789");
    act_recv(&act, pair->sock, 4, MSG_TRUNC);
    act_run(&act, 1);
    act_expect_text(&act, "0123");
}

MESSAGE_TEST(large_ones_come_whole)
{
    enum { SIZE = 150000 }; /* more than a datagram of IP has */
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act;
    pair_say(pair, bytes, SIZE);
    act_recv(&act, pair->sock, OP_RECV_ANY, 0);
    act_run(&act, 1);
    act_expect(&act, bytes, SIZE);
}

MESSAGE_TEST(peek_leaves_it_there)
{
    struct act act;
    struct sock_counters counters;
    pair_say_text(pair, "one");
    for (int i = 0; i < 2; i++) {
        act_recv(&act, pair->sock, OP_RECV_ANY, MSG_PEEK);
        act_run(&act, 1);
        act_expect_text(&act, "one");
    }
    act_recv(&act, pair->sock, OP_RECV_ANY, 0);
    act_run(&act, 1);
    act_expect_text(&act, "one");
    sock_counters(pair->sock, &counters);
    cr_assert_eq(counters.bytes_in, 3, "bytes that were peeked at are counted: %zu",
                 (size_t)counters.bytes_in);
}

MESSAGE_TEST(dontwait_does_not_wait)
{
    struct act act;
    act_recv(&act, pair->sock, OP_RECV_ANY, MSG_DONTWAIT);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
    pair_say_text(pair, "one");
    act_recv(&act, pair->sock, OP_RECV_ANY, MSG_DONTWAIT);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "one");
}

MESSAGE_TEST(without_blocking_nothing_is_eagain)
{
    struct act act;
    sock_set_nonblock(pair->sock, true);
    act_recv(&act, pair->sock, OP_RECV_ANY, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -EAGAIN);
}

MESSAGE_TEST(read_takes_one_message)
{
    struct act act;
    pair_say_text(pair, "one\ntwo\n");
    pair_say_text(pair, "three");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    act_expect_text(&act, "one\ntwo\n");
    act_read(&act, pair->sock, 3, NULL);
    act_run(&act, 1);
    act_expect_text(&act, "thr");
}

MESSAGE_TEST(read_waits_on_a_non_blocking_socket_too)
{
    struct act act;
    sock_set_nonblock(pair->sock, true);
    act_read(&act, pair->sock, OP_READ_ALL, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    pair_say_text(pair, "one");
    act_end(&act);
    act_expect_text(&act, "one");
}

MESSAGE_TEST(sysread_takes_one_message)
{
    struct act act;
    pair_say_text(pair, "one");
    pair_say_text(pair, "two");
    act_sysread(&act, pair->sock, 100);
    act_run(&act, 1);
    act_expect_text(&act, "one");
}

MESSAGE_TEST(writing_keeps_the_boundaries_too)
{
    struct act act;
    char text[16];
    act_write(&act, pair->sock, "one", 3);
    act_run(&act, 1);
    act_write(&act, pair->sock, "two", 3);
    act_run(&act, 1);
    cr_assert_eq(recv(pair->peer, text, sizeof text, 0), 3);
    cr_assert_eq(recv(pair->peer, text, sizeof text, 0), 3);
}

MESSAGE_TEST(waiting_for_room_ends_when_there_is_some)
{
    static const uint8_t bytes[30000];
    static uint8_t heard[30000];
    struct act act;
    unsigned sent = 0;
    do {
        act_send(&act, pair->sock, bytes, sizeof bytes, MSG_DONTWAIT);
        act_start(&act, INFINITY);
        sent += act.status == 0;
    } while (act.status == 0);
    act_send(&act, pair->sock, bytes, sizeof bytes, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    for (unsigned i = 0; i < sent; i++)
        cr_assert_eq(recv(pair->peer, heard, sizeof heard, 0), (ssize_t)sizeof heard);
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.length, sizeof bytes);
}

/* ---- ends ---- */

Test(message, an_empty_datagram_is_not_the_end)
{
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_DGRAM);
    act_recv(&act, pair.sock, OP_RECV_ANY, 0);
    act_start(&act, INFINITY);
    cr_assert_eq(send(pair.peer, "", 0, 0), 0);
    act_end(&act);
    act_expect_text(&act, "");
    cr_assert_not(act.eof);
    pair_close(&pair);
}

static void seqpacket_ends(size_t size)
{
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_SEQPACKET);
    pair_say_text(&pair, "last");
    pair_hang_up(&pair);
    act_recv(&act, pair.sock, size, 0);
    act_run(&act, 1);
    act_expect_text(&act, "last");
    cr_assert_not(act.eof);
    act_recv(&act, pair.sock, size, 0);
    act_run(&act, 1);
    act_expect_text(&act, "");
    cr_assert(act.eof);
    pair_close(&pair);
}

Test(message, a_connection_of_seqpackets_ends)
{
    seqpacket_ends(100);
}

Test(message, a_connection_of_seqpackets_never_ends_for_who_asks_for_any_size)
{
    seqpacket_ends(OP_RECV_ANY);
}

/* Empty messages, one of them the last, and then the end: each is told for what it is. */
static void empty_seqpackets_come_before_the_end(size_t size)
{
    static const char *const said[] = {"", "one", "", ""};
    struct pair pair;
    struct act act;
    int passcred = -1;
    socklen_t length = sizeof passcred;
    pair_open(&pair, PAIR_SEQPACKET);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        cr_assert_eq(send(pair.peer, said[i], strlen(said[i]), 0), (ssize_t)strlen(said[i]));
    pair_hang_up(&pair);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        act_recv(&act, pair.sock, size, 0);
        act_run(&act, 1);
        act_expect_text(&act, said[i]);
        cr_assert_not(act.eof, "message %zu is taken for the end", i);
    }
    act_recv(&act, pair.sock, size, 0);
    act_run(&act, 1);
    cr_assert(act.eof);
    getsockopt(sock_fd(pair.sock), SOL_SOCKET, SO_PASSCRED, &passcred, &length);
    cr_assert_eq(passcred, 0, "an option was left set");
    pair_close(&pair);
}

Test(message, an_empty_seqpacket_is_not_the_end)
{
    empty_seqpackets_come_before_the_end(100);
}

Test(message, an_empty_seqpacket_of_any_size_is_not_the_end)
{
    empty_seqpackets_come_before_the_end(OP_RECV_ANY);
}

/* ---- UDP ---- */

static struct sock *udp_socket(struct address *at)
{
    struct sock *sock;
    cr_assert_eq(sock_new(net, AF_INET, SOCK_DGRAM, 0, 0, &sock), 0);
    cr_assert_eq(address_parse(at, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(sock_bind(sock, at), 0);
    cr_assert_eq(sock_name(sock, at), 0);
    return sock;
}

static void sends_to(struct act *act, struct sock *sock, const struct address *to, const char *text)
{
    *act = (struct act){.kind = ACT_OUT};
    op_sendto(&act->op, sock, to, text, strlen(text), 0);
}

Test(message, a_datagram_tells_its_sender)
{
    struct address here, there;
    struct act act, sending;
    struct sock *receiver = udp_socket(&here), *sender = udp_socket(&there);
    act_recv(&act, receiver, OP_RECV_ANY, 0);
    act_start(&act, INFINITY);
    sends_to(&sending, sender, &here, "hello");
    here.in.sin_port = 0; /* it was copied */
    cr_assert_eq(act_run(&sending, 1), 0);
    cr_assert_eq(sending.length, 5);
    act_end(&act);
    act_expect_text(&act, "hello");
    char shown[ADDRESS_STRING_MAX], expected[ADDRESS_STRING_MAX];
    cr_assert_str_eq(address_string(&act.from, shown), address_string(&there, expected));
    sock_unref(receiver);
    sock_unref(sender);
}

Test(message, an_empty_datagram_is_sent_as_one)
{
    struct address here, there;
    struct act act, sending;
    struct sock *receiver = udp_socket(&here), *sender = udp_socket(&there);
    act_recv(&act, receiver, OP_RECV_ANY, 0);
    act_start(&act, INFINITY);
    sends_to(&sending, sender, &here, "");
    cr_assert_eq(act_run(&sending, 1), 0);
    act_end(&act);
    act_expect_text(&act, "");
    cr_assert_not(act.eof);
    sock_unref(receiver);
    sock_unref(sender);
}

Test(message, the_largest_datagram_comes_whole)
{
    enum { SIZE = 65507 };
    struct address here, there;
    struct act act, sending;
    struct sock *receiver = udp_socket(&here), *sender = udp_socket(&there);
    uint8_t *bytes = fixture_pattern(SIZE);
    sending = (struct act){.kind = ACT_OUT};
    op_sendto(&sending.op, sender, &here, bytes, SIZE, 0);
    cr_assert_eq(act_run(&sending, 1), 0);
    act_recv(&act, receiver, OP_RECV_ANY, 0);
    act_run(&act, 1);
    act_expect(&act, bytes, SIZE);
    sock_unref(receiver);
    sock_unref(sender);
}

Test(message, one_that_is_too_long_is_refused)
{
    struct address here, there;
    struct act sending = {.kind = ACT_OUT};
    struct sock *receiver = udp_socket(&here), *sender = udp_socket(&there);
    op_sendto(&sending.op, sender, &here, fixture_pattern(70000), 70000, 0);
    cr_assert_eq(act_run(&sending, 1), -EMSGSIZE);
    cr_assert_eq(sending.length, 0);
    sock_unref(receiver);
    sock_unref(sender);
}

Test(message, a_refusal_is_the_next_receives_error_once)
{
    struct address here, there;
    struct act act;
    struct sock *receiver = udp_socket(&here), *sender = udp_socket(&there);
    act_connect(&act, sender, &here);
    cr_assert_eq(act_run(&act, 1), 0);
    sock_unref(receiver);
    act_recv(&act, sender, OP_RECV_ANY, 0);
    act_start(&act, INFINITY);
    struct act sending;
    act_send(&sending, sender, "x", 1, 0);
    act_run(&sending, 1);
    cr_assert_eq(act_end(&act), -ECONNREFUSED);
    act_recv(&act, sender, OP_RECV_ANY, 0);
    cr_assert_eq(act_run(&act, 0.001), -ETIMEDOUT);
    sock_unref(sender);
}

/* ---- out of band ---- */

Test(message, bytes_out_of_band_go_past_the_read_ahead)
{
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_TCP);
    act_recv(&act, pair.sock, 1, MSG_OOB);
    act_start(&act, 0);
    cr_assert_eq(act.status, -EINVAL, "there is none");
    pair_say_text(&pair, "in");
    cr_assert_eq(send(pair.peer, "!", 1, MSG_OOB), 1);
    act_recv(&act, pair.sock, 1, MSG_OOB);
    act_run(&act, 1);
    act_expect_text(&act, "!");
    act_recv(&act, pair.sock, 2, 0);
    act_run(&act, 1);
    act_expect_text(&act, "in");
    pair_close(&pair);
}

/* A receive stops in front of the mark of urgent bytes, though there is more behind it. */
Test(message, bytes_behind_the_urgent_mark_are_read)
{
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_TCP);
    pair_say_text(&pair, "before");
    cr_assert_eq(send(pair.peer, "!", 1, MSG_OOB), 1);
    cr_assert_eq(send(pair.peer, "behind", 6, 0), 6);
    act_read(&act, pair.sock, 12, NULL);
    act_run(&act, INFINITY);
    act_expect_text(&act, "beforebehind");
    pair_close(&pair);
}
