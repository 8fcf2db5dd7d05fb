/* Socket objects: how they come, what is known of them, how they go. */
#include "net_peers.h"

#include "harness/harness.h"
#include "loop/closer.h"
#include "net/sock_private.h"

#include <fcntl.h>
#include <math.h>
#include <time.h>

TestSuite(sock, .init = fixture_up, .fini = fixture_down);

static struct sock *fresh(int domain, int type)
{
    struct sock *sock;
    cr_assert_eq(sock_new(net, domain, type, 0, 1000, &sock), 0);
    return sock;
}

/* ---- birth ---- */

/* Bytes come and go without the loop; whoever waits hears of what was there before too. */
STREAM_TEST(sock, the_loop_knows_it_when_somebody_waits)
{
    struct act act;
    cr_assert_eq(loop_busy(loop), 0);
    for (int i = 0; i < 2; i++) { /* the first one came short, and was not taken for the last */
        pair_say_text(pair, "word");
        act_read(&act, pair->sock, 4, NULL);
        cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
        act_expect_text(&act, "word");
    }
    act_send(&act, pair->sock, "answer", 6, 0);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(loop_busy(loop), 0);
    act_read(&act, pair->sock, 4, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    cr_assert_eq(loop_busy(loop), 1);
    pair_say_text(pair, "more");
    act_end(&act);
    act_expect_text(&act, "more");
    cr_assert_eq(loop_busy(loop), 1, "once is enough");
}

STREAM_TEST(sock, the_loop_knows_it_when_somebody_looks_on)
{
    struct sock_watch watch = {0};
    list_init(&watch.link);
    cr_assert_eq(sock_watch_start(pair->sock, &watch, 0), 0);
    fixture_run_rounds(1);
    cr_assert_eq(loop_busy(loop), 1);
    list_unlink(&watch.link);
}

Test(sock, a_new_one_is_what_was_asked_for)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(sock_domain(sock), AF_INET);
    cr_assert_eq(sock_type(sock), SOCK_STREAM);
    cr_assert_eq(sock_protocol(sock), IPPROTO_TCP);
    cr_assert_eq(sock_owner(sock), 1000);
    cr_assert_eq(sock_net(sock), net);
    cr_assert_eq(sock_errno(sock), 0);
    cr_assert(sock_is_open(sock) && sock_is_stream(sock));
    cr_assert_not(sock_is_listener(sock));
    sock_unref(sock);
}

Test(sock, its_descriptor_does_not_block_in_the_kernel_and_is_not_inherited)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert(fcntl(sock_fd(sock), F_GETFL) & O_NONBLOCK);
    cr_assert(fcntl(sock_fd(sock), F_GETFD) & FD_CLOEXEC);
    cr_assert_not(sock_nonblock(sock), "it blocks for its users");
    sock_set_nonblock(sock, true);
    cr_assert(sock_nonblock(sock));
    sock_unref(sock);
}

Test(sock, a_type_with_flags_makes_a_stream_that_is_none)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
    cr_assert(sock_is_stream(sock));
    cr_assert_eq(sock_type(sock), SOCK_STREAM);
    sock_unref(sock);
}

Test(sock, what_the_kernel_does_not_make_is_refused)
{
    struct sock *sock;
    cr_assert_eq(sock_new(net, 12345, SOCK_STREAM, 0, 0, &sock), -EAFNOSUPPORT);
    cr_assert_eq(sock_new(net, AF_INET, 999, 0, 0, &sock), -EINVAL);
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, IPPROTO_UDP, 0, &sock), -EPROTONOSUPPORT);
    cr_assert_eq(fixture_stats().sockets, 0);
}

Test(sock, pairs_are_connected)
{
    struct sock *ends[2];
    struct act writing, reading;
    cr_assert_eq(sock_new_pair(net, AF_UNIX, SOCK_STREAM, 0, 7, ends), 0);
    cr_assert(sock_is_stream(ends[0]) && sock_owner(ends[1]) == 7);
    act_write(&writing, ends[0], "hello", 5);
    act_run(&writing, 1);
    act_read(&reading, ends[1], 5, NULL);
    act_run(&reading, 1);
    act_expect_text(&reading, "hello");
    sock_unref(ends[0]);
    sock_unref(ends[1]);
    cr_assert_eq(sock_new_pair(net, AF_INET, SOCK_STREAM, 0, 7, ends), -EOPNOTSUPP);
}

Test(sock, a_pair_needs_room_for_two)
{
    struct sock *ends[2];
    fixture_configure(&(struct net_config){.max_sockets = 2});
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(sock_new_pair(net, AF_UNIX, SOCK_STREAM, 0, 0, ends), -EMFILE);
    sock_unref(sock);
    cr_assert_eq(sock_new_pair(net, AF_UNIX, SOCK_STREAM, 0, 0, ends), 0);
    sock_unref(ends[0]);
    sock_unref(ends[1]);
}

/* ---- adopted ones ---- */

Test(sock, adopted_ones_are_what_they_are)
{
    static const struct {
        int domain, type, protocol, shown;
    } kinds[] = {
        {AF_INET, SOCK_STREAM, 0, IPPROTO_TCP},
        {AF_INET6, SOCK_STREAM, 0, IPPROTO_TCP},
        {AF_INET, SOCK_DGRAM, 0, IPPROTO_UDP},
        {AF_UNIX, SOCK_STREAM, 0, 0},
        {AF_UNIX, SOCK_DGRAM, 0, 0},
        {AF_UNIX, SOCK_SEQPACKET, 0, 0},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct sock *sock;
        int fd = socket(kinds[i].domain, kinds[i].type, kinds[i].protocol);
        cr_assert_eq(sock_adopt(net, fd, 5, &sock), 0);
        cr_assert_eq(sock_fd(sock), fd);
        cr_assert_eq(sock_domain(sock), kinds[i].domain);
        cr_assert_eq(sock_type(sock), kinds[i].type);
        cr_assert_eq(sock_protocol(sock), kinds[i].shown);
        cr_assert_eq(sock_owner(sock), 5);
        cr_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
        cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        cr_assert_str_eq(sock_state(sock), "unconnected");
        sock_unref(sock);
        cr_assert(closer_finish());
        cr_assert_eq(fcntl(fd, F_GETFD), -1, "it was not closed");
    }
}

Test(sock, an_adopted_listener_is_one)
{
    struct address at;
    struct act act;
    struct sock *sock;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(address_parse(&at, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(bind(fd, &at.any, at.length), 0);
    cr_assert_eq(listen(fd, 1), 0);
    cr_assert_eq(getsockname(fd, &at.any, &at.length), 0);
    int peer = fixture_dial(&at);
    cr_assert_eq(sock_adopt(net, fd, 0, &sock), 0);
    cr_assert(sock_is_listener(sock));
    act_accept(&act, sock);
    cr_assert_eq(act_run(&act, 1), 0);
    sock_unref(act.sock);
    sock_unref(sock);
    close(peer);
}

Test(sock, bytes_that_came_before_the_adoption_are_read)
{
    struct sock *sock;
    struct act act;
    int ends[2];
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert_eq(send(ends[1], "early", 5, 0), 5);
    cr_assert_eq(sock_adopt(net, ends[0], 0, &sock), 0);
    act_read(&act, sock, 5, NULL);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    act_expect_text(&act, "early");
    sock_unref(sock);
    close(ends[1]);
}

Test(sock, what_is_no_socket_is_not_adopted_and_stays_open)
{
    struct sock *sock;
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_eq(sock_adopt(net, ends[0], 0, &sock), -ENOTSOCK);
    cr_assert_eq(sock_adopt(net, 1000000, 0, &sock), -EBADF);
    cr_assert_eq(sock_adopt(net, -1, 0, &sock), -EBADF);
    cr_assert_eq(close(ends[0]), 0);
    cr_assert_eq(close(ends[1]), 0);
}

Test(sock, a_descriptor_is_adopted_twice)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM), *second;
    cr_assert_eq(sock_adopt(net, sock_fd(sock), 0, &second), -EEXIST);
    cr_assert_eq(net_find_fd(net, sock_fd(sock)), sock);
    sock_unref(sock);
}

Test(sock, at_the_limit_there_are_no_more)
{
    struct sock *sock;
    fixture_configure(&(struct net_config){.max_sockets = 1});
    struct sock *first = fresh(AF_INET, SOCK_STREAM);
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 0, &sock), -EMFILE);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(sock_adopt(net, fd, 0, &sock), -EMFILE);
    close(fd);
    sock_unref(first);
    first = fresh(AF_INET, SOCK_STREAM);
    sock_unref(first);
}

/* ---- references ---- */

Test(sock, the_last_reference_closes_it)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    int fd = sock_fd(sock);
    sock_unref(sock_ref(sock));
    cr_assert_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    sock_unref(sock);
    cr_assert_eq(fcntl(fd, F_GETFD), -1);
    sock_unref(NULL);
}

Test(sock, one_that_is_kept_lives_until_it_is_closed)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    uint64_t id = sock_id(sock);
    sock_keep(sock);
    sock_keep(sock);
    sock_unref(sock);
    cr_assert_eq(net_find(net, id), sock);
    cr_assert_eq(fixture_close(net_find(net, id)), 0);
    cr_assert_null(net_find(net, id));
}

Test(sock, one_that_is_kept_may_be_closed_by_its_user)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    sock_keep(sock);
    fixture_close(sock);
    cr_assert_not(sock_is_open(sock));
    sock_keep(sock); /* too late, and harmless */
    sock_unref(sock);
}

Test(sock, a_closed_one_still_answers)
{
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    struct address at;
    uint64_t id = sock_id(sock);
    cr_assert_eq(fixture_close(sock), 0);
    cr_assert_eq(sock_close(sock), -EBADF);
    cr_assert_eq(sock_id(sock), id);
    cr_assert_eq(sock_fd(sock), -1);
    cr_assert_eq(sock_owner(sock), 1000);
    cr_assert_str_eq(sock_state(sock), "closed");
    cr_assert_eq(sock_bind(sock, &at), -EBADF);
    cr_assert_eq(sock_listen(sock, 1), -EBADF);
    cr_assert_eq(sock_shutdown(sock, SHUT_RD), -EBADF);
    cr_assert_eq(sock_name(sock, &at), -EBADF);
    cr_assert_eq(sock_peer(sock, &at), -EBADF);
    cr_assert_eq(sock_detach(sock), -EBADF);
    cr_assert_eq(sock_unread(sock, "x", 1), 0);
    cr_assert_eq(sock_errno(sock), 0);
    sock_unref(sock);
}

/* ---- telling of the end ---- */

struct watch {
    struct sock_closed closed;
    struct sock *sock;
    unsigned calls;
    uint64_t id;
};

static void on_closed(struct sock_closed *closed)
{
    struct watch *watch = CONTAINER_OF(closed, struct watch, closed);
    watch->calls++;
    cr_assert_not(sock_is_open(watch->sock));
    cr_assert_eq(sock_id(watch->sock), watch->id);
    cr_assert_eq(sock_owner(watch->sock), 1000);
    cr_assert_null(net_find(net, watch->id));
}

static void watch_sock(struct watch *watch, struct sock *sock)
{
    *watch = (struct watch){.sock = sock, .id = sock_id(sock), .closed.fn = on_closed};
    list_init(&watch->closed.link);
    cr_assert_eq(sock_on_close(sock, &watch->closed), 0);
}

Test(sock, its_end_is_told_once)
{
    struct watch first, second, third;
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    watch_sock(&first, sock);
    watch_sock(&second, sock);
    watch_sock(&third, sock);
    list_unlink(&second.closed.link);
    fixture_close(sock);
    cr_assert_eq(first.calls, 1);
    cr_assert_eq(second.calls, 0);
    cr_assert_eq(third.calls, 1);
    sock_unref(sock);
    cr_assert_eq(first.calls, 1);
}

Test(sock, its_end_by_the_last_reference_is_told_too)
{
    struct watch watch;
    struct sock *sock = fresh(AF_INET, SOCK_STREAM);
    watch_sock(&watch, sock);
    sock_unref(sock);
    cr_assert_eq(watch.calls, 1);
}

/* ---- letting go ---- */

STREAM_TEST(sock, a_descriptor_may_be_let_go)
{
    struct act act;
    act_read(&act, pair->sock, 1, NULL);
    act_start(&act, INFINITY);
    int fd = sock_fd(pair->sock);
    cr_assert_eq(sock_detach(pair->sock), fd);
    cr_assert_not(sock_is_open(pair->sock));
    cr_assert_eq(act_end(&act), -EBADF);
    cr_assert_eq(send(fd, "still", 5, 0), 5);
    pair_hear(pair, "still", 5);
    close(fd);
}

STREAM_TEST(sock, a_descriptor_whose_bytes_are_read_ahead_stays)
{
    struct act act;
    pair_say_text(pair, "line\nrest");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    cr_assert_eq(sock_detach(pair->sock), -EBUSY);
    cr_assert(sock_is_open(pair->sock));
}

/* ---- giving back ---- */

STREAM_TEST(sock, bytes_given_back_come_first)
{
    struct act act;
    pair_say_text(pair, "def");
    act_wait(&act, pair->sock, LOOP_READ);
    act_run(&act, 1);
    cr_assert_eq(sock_unread(pair->sock, "bc", 2), 0);
    cr_assert_eq(sock_unread(pair->sock, "a", 1), 0);
    act_read(&act, pair->sock, 6, NULL);
    act_run(&act, 1);
    act_expect_text(&act, "abcdef");
}

STREAM_TEST(sock, bytes_given_back_go_to_who_waits)
{
    struct act first, second;
    act_read(&first, pair->sock, 3, NULL);
    act_read(&second, pair->sock, 3, NULL);
    act_start(&first, INFINITY);
    act_start(&second, INFINITY);
    cr_assert_eq(sock_unread(pair->sock, "abcdef", 6), 0);
    cr_assert_not(first.ended);
    act_end(&second);
    act_expect_text(&first, "abc");
    act_expect_text(&second, "def");
}

STREAM_TEST(sock, a_delimiter_in_bytes_given_back_is_found)
{
    struct act act;
    pair_say_text(pair, "tail");
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 0.001); /* the tail is scanned now */
    cr_assert_eq(sock_unread(pair->sock, "head\n", 5), 0);
    act_read(&act, pair->sock, OP_READ_ALL, "\n");
    act_run(&act, 1);
    act_expect_text(&act, "head\n");
}

STREAM_TEST(sock, nothing_given_back_is_nothing)
{
    cr_assert_eq(sock_unread(pair->sock, "", 0), 0);
    cr_assert_eq(fixture_stats().bytes, 0);
}

STREAM_TEST(sock, bytes_given_back_at_the_end_come_before_it)
{
    struct act act;
    pair_hang_up(pair);
    act_sysread(&act, pair->sock, 10);
    act_run(&act, 1);
    cr_assert(act.eof);
    cr_assert_eq(sock_unread(pair->sock, "late", 4), 0);
    act_read(&act, pair->sock, 10, NULL);
    act_run(&act, 1);
    act_expect_text(&act, "late");
    cr_assert(act.eof);
}

static void never(struct op *op)
{
    (void)op;
    cr_assert_fail("it was complete");
}

static void looks_at_three(struct op *op, struct pair *pair)
{
    op_read(op, pair->sock, &(struct read_what){.limit = 3});
    cr_assert_eq(op_start(op, LOOP_NEVER, never), OP_DONE);
}

/* Somebody else's answer comes back while one result is not finished. */
STREAM_TEST(sock, bytes_given_back_while_a_result_is_looked_at_kill_the_process)
{
    struct op op;
    struct act act;
    pair_say_text(pair, "defghi");
    looks_at_three(&op, pair);
    cr_assert_eq(sock_unread(pair->sock, "c", 1), 0);
    cr_assert_eq(sock_unread(pair->sock, "ab", 2), 0);
    cr_assert_eq(memcmp(op.in.data, "def", 3), 0, "it was moved");
    op_consume(&op);
    op_finish(&op);
    act_read(&act, pair->sock, 6, NULL);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, "abcghi");
}

STREAM_TEST(sock, bytes_given_back_meanwhile_go_to_who_waits)
{
    struct op op;
    struct act reading, watching;
    pair_say_text(pair, "def");
    looks_at_three(&op, pair);
    act_read(&reading, pair->sock, 6, NULL);
    cr_assert_eq(act_start(&reading, INFINITY), OP_WAIT);
    cr_assert_eq(sock_unread(pair->sock, "abc", 3), 0);
    op_finish(&op); /* not consumed */
    act_end(&reading);
    act_expect_text(&reading, "abcdef");
    act_wait(&watching, pair->sock, LOOP_READ);
    act_start(&watching, INFINITY);
    cr_assert_not(watching.ended);
    act_abort(&watching);
}

STREAM_TEST(sock, bytes_given_back_meanwhile_go_with_the_socket)
{
    struct op op;
    pair_say_text(pair, "def");
    looks_at_three(&op, pair);
    cr_assert_eq(sock_unread(pair->sock, "abc", 3), 0);
    fixture_close(pair->sock);
    cr_assert_eq(memcmp(op.in.data, "def", 3), 0);
    op_finish(&op);
    cr_assert_eq(fixture_stats().bytes, 0);
}

/* ---- turns ---- */

static void close_other(struct act *act)
{
    fixture_close(act->context);
}

/* Bytes that come back are served in the next round of the loop. */
Test(sock, one_whose_turn_has_come_may_close_the_next)
{
    struct pair first, second;
    struct act reading, closed;
    pair_open(&first, PAIR_UNIX);
    pair_open(&second, PAIR_UNIX);
    act_read(&reading, first.sock, 1, NULL);
    act_read(&closed, second.sock, 1, NULL);
    cr_assert_eq(act_start(&reading, INFINITY), OP_WAIT);
    cr_assert_eq(act_start(&closed, INFINITY), OP_WAIT);
    reading.then = close_other;
    reading.context = second.sock;
    cr_assert_eq(sock_unread(first.sock, "x", 1), 0);
    cr_assert_eq(sock_unread(second.sock, "y", 1), 0);
    act_end(&closed);
    act_expect_text(&reading, "x");
    cr_assert_eq(closed.status, -EBADF);
    pair_close(&first);
    pair_close(&second);
}

Test(sock, one_that_ends_before_its_turn_leaves_nothing_in_the_loop)
{
    struct sock *ends[2];
    cr_assert_eq(sock_new_pair(net, AF_UNIX, SOCK_STREAM, 0, 0, ends), 0);
    sock_serve_later(ends[0]);
    sock_serve_later(ends[1]);
    sock_serve_later(ends[1]);
    cr_assert_eq(loop_busy(loop), 1);
    sock_unref(ends[0]);
    cr_assert_eq(loop_busy(loop), 1, "the other waits still");
    sock_unref(ends[1]);
    cr_assert_eq(loop_busy(loop), 0);
}
