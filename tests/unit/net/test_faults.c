/* What the kernel and the allocator may say on a bad day: no byte lost, no caller forgotten. */
#include "faults.h"
#include "harness/harness.h"
#include "name/fake_names.h"
#include "net_peers.h"

#include "net/net_private.h"
#include "net/server.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Its one address, lest the loss of one attempt be made good by another. */
static void setup(void)
{
    fixture_up();
    names_add("here.test", "127.0.0.1");
}

static void teardown(void)
{
    faults_clear();
    fixture_down();
}

TestSuite(faults, .init = setup, .fini = teardown);

#define STEPS(...) (const int[]){__VA_ARGS__}, sizeof((int[]){__VA_ARGS__}) / sizeof(int)

/* ---- receiving ---- */

STREAM_TEST(faults, interrupted_receives)
{
    struct act act;
    faults_plan(FAULT_RECV, STEPS(EINTR, EINTR, FAULT_GO));
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_start(&act, INFINITY);
    for (const char *at = "a line of text\n"; *at != '\0'; at++) {
        pair_say(pair, at, 1);
        fixture_run_rounds(1);
    }
    cr_assert_eq(act_end(&act), 0);
    act_expect_text(&act, "a line of text\n");
    cr_assert_gt(faults_calls(FAULT_RECV), 15);
}

/* Bytes that are there, and the kernel says they are not: the next that come bring them along. */
STREAM_TEST(faults, receives_that_find_nothing_every_other_time)
{
    struct act act;
    faults_plan(FAULT_RECV, STEPS(EAGAIN, FAULT_GO, EINTR, EAGAIN));
    act_read(&act, pair->sock, OP_READ_ALL, "\r\n");
    act_start(&act, INFINITY);
    for (const char *at = "one byte at a time\r"; *at != '\0'; at++) {
        pair_say(pair, at, 1);
        fixture_run_rounds(1);
        cr_assert_not(act.ended);
    }
    faults_clear();
    pair_say_text(pair, "\nrest");
    cr_assert_eq(act_end(&act), 0);
    act_expect_text(&act, "one byte at a time\r\n");
    act_read(&act, pair->sock, 4, NULL);
    act_run(&act, 1);
    act_expect_text(&act, "rest");
}

/* More was there than it gave, and no event will say so. */
STREAM_TEST(faults, receives_of_one_byte)
{
    struct act act;
    pair_say_text(pair, "word\n");
    faults_plan(FAULT_RECV, STEPS(FAULT_ONE_BYTE));
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    cr_assert_eq(act_run(&act, INFINITY), 0);
    act_expect_text(&act, "word\n");
}

STREAM_TEST(faults, an_error_behind_some_data_is_told_after_it_once)
{
    struct act act;
    act_recv(&act, pair->sock, 10, 0);
    act_start(&act, INFINITY);
    pair_say_text(pair, "abc");
    fixture_run_rounds(2);
    faults_fail(FAULT_RECV, ETIMEDOUT, 1);
    pair_say_text(pair, "def");
    cr_assert_eq(act_end(&act), 0);
    act_expect_text(&act, "abc");
    act_recv(&act, pair->sock, 10, MSG_DONTWAIT);
    cr_assert_eq(act_run(&act, INFINITY), -ETIMEDOUT);
    act_recv(&act, pair->sock, 3, 0);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, "def");
}

STREAM_TEST(faults, an_error_of_one_reader_is_not_the_next_ones)
{
    struct act first, second;
    act_read(&first, pair->sock, 3, NULL);
    act_read(&second, pair->sock, 3, NULL);
    act_start(&first, INFINITY);
    act_start(&second, INFINITY);
    faults_fail(FAULT_RECV, ENOBUFS, 1);
    pair_say_text(pair, "abc");
    cr_assert_eq(act_end(&first), -ENOBUFS);
    cr_assert_eq(act_end(&second), 0);
    act_expect_text(&second, "abc");
}

STREAM_TEST(faults, no_memory_for_the_read_ahead)
{
    struct act act;
    const size_t large = NET_LANDING + 1; /* the first so many need no block */
    pair_say_text(pair, "abc");
    faults_no_pool(true);
    act_read(&act, pair->sock, large, NULL);
    cr_assert_eq(act_run(&act, INFINITY), -ENOMEM);
    cr_assert_eq(sock_errno(pair->sock), ENOMEM);
    act_recv(&act, pair->sock, large, 0);
    cr_assert_eq(act_run(&act, INFINITY), -ENOMEM);
    act_sysread(&act, pair->sock, large);
    cr_assert_eq(act_run(&act, INFINITY), -ENOMEM);
    cr_assert_eq(sock_unread(pair->sock, "x", 1), -ENOMEM);
    faults_no_pool(false);
    act_read(&act, pair->sock, 3, NULL);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, "abc");
}

STREAM_TEST(faults, no_memory_for_more_of_a_line_keeps_its_beginning)
{
    struct act act;
    pair_say_text(pair, "begin");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_start(&act, INFINITY);
    fixture_run_rounds(2);
    faults_no_pool(true);
    uint8_t *bytes = fixture_memory(50000);
    memset(bytes, 'x', 50000);
    pair_say(pair, bytes, 50000);
    cr_assert_eq(act_end(&act), -ENOMEM);
    faults_no_pool(false);
    act_read(&act, pair->sock, 5, NULL);
    act_run(&act, 1);
    act_expect_text(&act, "begin");
    act_read(&act, pair->sock, 50000, NULL);
    act_run(&act, 1);
    act_expect(&act, bytes, 50000);
}

STREAM_TEST(faults, no_memory_for_one_socket_leaves_anothers_bytes_where_they_landed)
{
    struct pair other;
    struct act act;
    uint8_t *bytes = fixture_pattern(NET_LANDING / 2);
    pair_open(&other, PAIR_UNIX);
    pair_say(&other, bytes, NET_LANDING / 2);
    act_read(&act, other.sock, 10, NULL);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    pair_say_text(pair, "abc");
    faults_no_pool(true);
    act_sysread(&act, pair->sock, 3);
    cr_assert_eq(act_run(&act, INFINITY), -ENOMEM);
    faults_no_pool(false);
    act_read(&act, other.sock, NET_LANDING / 2 - 10, NULL);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect(&act, bytes + 10, (size_t)NET_LANDING / 2 - 10);
    act_sysread(&act, pair->sock, 3);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, "abc");
    pair_close(&other);
}

Test(faults, no_memory_for_a_message_leaves_it_there)
{
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_SEQPACKET);
    pair_say_text(&pair, "message");
    faults_no_pool(true);
    act_recv(&act, pair.sock, OP_RECV_ANY, 0);
    cr_assert_eq(act_run(&act, INFINITY), -ENOMEM);
    faults_no_pool(false);
    faults_plan(FAULT_RECV, STEPS(EINTR, FAULT_GO));
    act_recv(&act, pair.sock, OP_RECV_ANY, 0);
    act_run(&act, 1);
    act_expect_text(&act, "message");
    pair_close(&pair);
}

/* Given back while another result is looked at: all of it, or nothing. */
STREAM_TEST(faults, no_memory_for_bytes_given_back)
{
    struct op op;
    struct act act;
    pair_say_text(pair, "def");
    op_read(&op, pair->sock, &(struct read_what){.limit = 3});
    cr_assert_eq(op_start(&op, LOOP_NEVER, NULL), OP_DONE);
    for (unsigned number = 1; number <= 2; number++) {
        faults_no_memory(number);
        cr_assert_eq(sock_unread(pair->sock, "abc", 3), -ENOMEM);
        faults_no_memory(0);
    }
    op_finish(&op);
    act_read(&act, pair->sock, 3, NULL);
    act_run(&act, 1);
    act_expect_text(&act, "def");
}

/* ---- sending ---- */

STREAM_TEST(faults, sends_of_one_byte_with_interruptions)
{
    enum { SIZE = 3000 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act act;
    faults_plan(FAULT_SEND, STEPS(FAULT_ONE_BYTE, EINTR, EINTR, FAULT_ONE_BYTE));
    act_write(&act, pair->sock, bytes, SIZE);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT, "others had no turn");
    pair_hear(pair, bytes, SIZE);
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.length, SIZE);
    cr_assert_geq(faults_calls(FAULT_SEND), 2 * SIZE);
}

STREAM_TEST(faults, a_send_that_fails_tells_what_went_out)
{
    struct act act;
    faults_plan(FAULT_SEND, STEPS(FAULT_ONE_BYTE, FAULT_ONE_BYTE, ENOBUFS));
    act_write(&act, pair->sock, "abcdef", 6);
    cr_assert_eq(act_run(&act, INFINITY), -ENOBUFS);
    cr_assert_eq(act.length, 2);
    pair_hear(pair, "ab", 2);
}

/* The smallest buffers that the kernel gives, both ways at once. */
STREAM_TEST(faults, tiny_buffers_in_the_kernel)
{
    enum { SIZE = 20000 };
    uint8_t *bytes = fixture_pattern(SIZE);
    struct act writer, reader;
    pair_squeeze(pair);
    act_write(&writer, pair->sock, bytes, SIZE);
    act_start(&writer, INFINITY);
    act_read(&reader, pair->sock, 1000, NULL);
    act_start(&reader, INFINITY);
    for (int i = 0; i < 1000; i++) {
        pair_say(pair, bytes + i, 1);
        fixture_run_rounds(1);
    }
    cr_assert_eq(act_end(&reader), 0);
    act_expect(&reader, bytes, 1000);
    pair_hear(pair, bytes, SIZE);
    cr_assert_eq(act_end(&writer), 0);
}

/* ---- connections ---- */

static int sends_a_byte(struct sock *from)
{
    struct act act;
    act_write(&act, from, "x", 1);
    return act_run(&act, 1);
}

Test(faults, accepts_past_connections_that_failed)
{
    static const int errors[] = {EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH};
    struct address at;
    struct act act;
    struct sock *listener = fixture_listener(&at);
    int fd = fixture_dial(&at);
    faults_plan(FAULT_ACCEPT, STEPS(EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH, FAULT_GO));
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    cr_assert_gt(faults_calls(FAULT_ACCEPT), sizeof errors / sizeof errors[0]);
    cr_assert_eq(sends_a_byte(act.sock), 0);
    sock_unref(act.sock);
    sock_unref(listener);
    close(fd);
}

Test(faults, accepts_that_fail_leave_the_connection_to_the_next)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM};
    struct address at;
    struct act act;
    struct sock *listener = fixture_listener(&at);
    int fd = fixture_dial(&at);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        faults_fail(FAULT_ACCEPT, errors[i], 1);
        act_accept(&act, listener);
        cr_assert_eq(act_run(&act, INFINITY), -errors[i]);
    }
    act_accept(&act, listener);
    cr_assert_eq(act_run(&act, 1), 0);
    sock_unref(act.sock);
    sock_unref(listener);
    close(fd);
}

/* The kernel makes a socket before it looks whether somebody is there. */
Test(faults, nothing_is_accepted_in_vain)
{
    struct address at;
    struct act acts[4];
    int fds[4];
    struct sock *listener = fixture_listener(&at);
    for (int i = 0; i < 3; i++)
        fds[i] = fixture_dial(&at);
    faults_fail(FAULT_ACCEPT, EINTR, 0);
    for (int i = 0; i < 4; i++) {
        act_accept(&acts[i], listener);
        cr_assert_eq(act_start(&acts[i], INFINITY), i < 3 ? OP_DONE : OP_WAIT);
    }
    cr_assert_eq(faults_calls(FAULT_ACCEPT), 3);
    fds[3] = fixture_dial(&at);
    cr_assert_eq(act_end(&acts[3]), 0);
    cr_assert_eq(faults_calls(FAULT_ACCEPT), 4);
    for (int i = 0; i < 4; i++) {
        sock_unref(acts[i].sock);
        close(fds[i]);
    }
    sock_unref(listener);
}

static struct sock *served;

static void on_connection(void *context, struct sock *connection, const struct address *from)
{
    (void)context, (void)from;
    cr_assert_null(served);
    served = connection;
}

static bool is_served(void *context)
{
    (void)context;
    return served != NULL;
}

static const struct server_callbacks callbacks = {on_connection, NULL};

Test(faults, a_server_goes_on_after_every_failure)
{
    static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, ECONNABORTED};
    struct address at;
    struct server *server;
    struct sock *listener = fixture_listener(&at);
    cr_assert_eq(server_start(listener, &callbacks, NULL, &server), 0);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        faults_fail(FAULT_ACCEPT, errors[i], 2);
        int fd = fixture_dial(&at);
        fixture_run_until(is_served, NULL);
        cr_assert_leq(faults_calls(FAULT_ACCEPT), 4);
        sock_unref(STEAL(served));
        close(fd);
    }
    server_stop(server);
    sock_unref(listener);
}

Test(faults, an_interrupted_connect)
{
    struct address at;
    struct act act;
    struct sock *sock, *listener = fixture_listener(&at);
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 0, &sock), 0);
    faults_fail(FAULT_CONNECT, EINTR, 3);
    act_connect(&act, sock, &at);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    cr_assert_eq(sends_a_byte(sock), 0);
    sock_unref(sock);
    sock_unref(listener);
}

Test(faults, a_connect_that_fails_is_told)
{
    static const int errors[] = {ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EACCES, ENOBUFS};
    struct address at;
    struct act act;
    struct sock *sock, *listener = fixture_listener(&at);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 0, &sock), 0);
        faults_fail(FAULT_CONNECT, errors[i], 1);
        act_connect(&act, sock, &at);
        cr_assert_eq(act_run(&act, INFINITY), -errors[i]);
        sock_unref(sock);
    }
    sock_unref(listener);
}

/* ---- threads ---- */

Test(faults, no_thread_for_a_look_up)
{
    struct act act;
    faults_no_threads(true);
    act_resolve(&act, "here.test", "80");
    cr_assert_eq(act_run(&act, INFINITY), -EAGAIN);
    faults_no_threads(false);
    act_resolve(&act, "here.test", "80");
    cr_assert_eq(act_run(&act, INFINITY), 0);
    faults_no_threads(true); /* the one that there is will do */
    act_resolve(&act, "here.test", "80");
    cr_assert_eq(act_run(&act, INFINITY), 0);
}

/* ---- every allocation in turn ---- */

static struct sock *client, *listening;
static struct server *server;

static int make(struct act *act)
{
    int status = act_run(act, 5);
    client = act->sock;
    return status;
}

static int says_and_hears(void)
{
    struct act writing, reading;
    act_write(&writing, client, "line\n", 5);
    int status = act_run(&writing, 1);
    if (status < 0)
        return status;
    act_read(&reading, served, OP_READ_ALL, "\n");
    status = act_run(&reading, 1);
    if (status < 0)
        return status;
    act_expect_text(&reading, "line\n");
    status = sock_unread(served, "again\n", 6);
    if (status < 0)
        return status;
    act_read(&reading, served, 6, NULL);
    status = act_run(&reading, 1);
    if (status == 0)
        act_expect_text(&reading, "again\n");
    return status;
}

/* Is it served, or has its connection been dropped for want of memory? */
static bool is_decided(void *context)
{
    struct act *end = context;
    return served != NULL || end->ended;
}

static int connects(void)
{
    struct act act, end;
    char port[16];
    snprintf(port, sizeof port, "%d", harness_port(sock_fd(listening)));
    act_tcp_connect(&act, "here.test", port);
    int status = make(&act);
    if (status < 0)
        return status;
    act_wait(&end, client, LOOP_READ);
    act_start(&end, 5);
    fixture_run_until(is_decided, &end);
    if (!end.ended)
        act_abort(&end);
    return served != NULL ? says_and_hears() : -ENOMEM;
}

static int serves(void)
{
    struct act act;
    act_tcp_listen(&act, "here.test", "0");
    int status = act_run(&act, 5);
    listening = act.sock;
    if (status < 0)
        return status;
    status = server_start(listening, &callbacks, NULL, &server);
    return status < 0 ? status : connects();
}

static void clean_up(void)
{
    if (server != NULL)
        server_stop(STEAL(server));
    sock_unref(STEAL(served));
    sock_unref(STEAL(client));
    sock_unref(STEAL(listening));
}

/* A server and a client meet and talk, and each allocation of it fails once. */
Test(faults, every_allocation_in_turn)
{
    struct loop_timer timer = {0}; /* room for timers, which the fixture itself needs */
    cr_assert_eq(loop_timer_start(loop, &timer, loop_now() + LOOP_SECOND, NULL), 0);
    loop_timer_stop(loop, &timer);
    unsigned number = 1;
    for (bool failed = true; failed; number++) {
        net_free(STEAL(net));
        faults_no_memory(number);
        int status = net_new(&net, loop, NULL);
        if (status == 0)
            status = serves();
        failed = faults_happened();
        faults_no_memory(0);
        cr_assert(status == 0 || status == -ENOMEM, "allocation %u: %d", number, status);
        cr_assert(failed || status == 0);
        if (net == NULL)
            cr_assert_eq(net_new(&net, loop, NULL), 0);
        clean_up();
        fixture_run_rounds(3);
        cr_assert_eq(fixture_stats().sockets, 0);
        cr_assert_eq(fixture_stats().bytes, 0);
    }
    cr_assert_gt(number, 20);
}

STREAM_TEST(faults, no_memory_to_wait)
{
    struct act act;
    struct sock_watch watch = {0};
    list_init(&watch.link);
    faults_no_memory(1);
    cr_assert_eq(sock_watch_start(pair->sock, &watch, SOCK_READABLE), -ENOMEM);
    cr_assert_not(list_linked(&watch.link));
    faults_no_memory(1);
    act_read(&act, pair->sock, 4, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, -ENOMEM);
    faults_no_memory(0);
    pair_say_text(pair, "word");
    act_read(&act, pair->sock, 4, NULL);
    act_run(&act, INFINITY);
    act_expect_text(&act, "word");
}

Test(faults, no_memory_for_a_timer)
{
    struct pair pair;
    struct act act;
    struct loop *other;
    pair_open(&pair, PAIR_UNIX);
    cr_assert_eq(loop_new(&other), 0);
    struct loop_timer timer = {0};
    faults_no_memory(1);
    cr_assert_eq(loop_timer_start(other, &timer, loop_now() + LOOP_SECOND, NULL), -ENOMEM);
    cr_assert_eq(loop_busy(other), 0);
    faults_no_memory(0);
    loop_free(other);
    cr_assert_eq(sock_join_loop(pair.sock), 0);
    faults_no_memory(1);
    act_read(&act, pair.sock, 1, NULL);
    cr_assert_eq(act_start(&act, 1), OP_DONE);
    cr_assert_eq(act.status, -ENOMEM);
    faults_no_memory(0);
    pair_close(&pair);
}

static void never_called(void *context, struct sock *sock)
{
    (void)context, (void)sock;
    cr_assert_fail("there was no memory to put them in order");
}

STREAM_TEST(faults, no_memory_to_walk_or_to_lend)
{
    faults_no_memory(1);
    cr_assert_eq(net_each(net, never_called, NULL), -ENOMEM);
    faults_no_memory(1);
    cr_assert_eq(sock_lend(pair->sock), -ENOMEM);
    cr_assert(sock_is_open(pair->sock), "and nothing has changed");
    cr_assert_geq(sock_lend(pair->sock), 0);
    sock_take_back(pair->sock);
}

/* Where it would grow it stays as it is; only a new descriptor needs its place. */
Test(faults, no_memory_for_a_larger_registry)
{
    static struct sock *socks[300];
    unsigned refused = 0;
    for (int i = 0; i < 300; i++) {
        faults_no_memory(2); /* not the socket itself */
        int status = sock_new(net, AF_INET, SOCK_DGRAM, 0, 0, &socks[i]);
        faults_no_memory(0);
        if (status == -ENOMEM && ++refused)
            status = sock_new(net, AF_INET, SOCK_DGRAM, 0, 0, &socks[i]);
        cr_assert_eq(status, 0);
    }
    cr_assert_leq(refused, 4);
    for (int i = 0; i < 300; i++) {
        cr_assert_eq(net_find(net, sock_id(socks[i])), socks[i]);
        sock_unref(socks[i]);
    }
}
