/* The memory in which received bytes land, and what becomes of those that stay. */
#include "net_peers.h"

#include "net/net_private.h"

#include <math.h>

static struct pair first, second;

static void setup(void)
{
    fixture_up();
    pair_open(&first, PAIR_TCP);
    pair_open(&second, PAIR_TCP);
}

static void teardown(void)
{
    pair_close(&first);
    pair_close(&second);
    fixture_down();
}

TestSuite(landing, .init = setup, .fini = teardown);

/* So much that a buffer which rests keeps its memory. */
enum { MANY = NET_LANDING / 2 };

static void read_text(struct pair *pair, const char *text)
{
    struct act act;
    pair_say_text(pair, text);
    act_sysread(&act, pair->sock, 100);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, text);
}

/* Leaves all but one of MANY bytes in the read-ahead. */
static const uint8_t *leave_many(struct pair *pair)
{
    struct act act;
    uint8_t *bytes = fixture_pattern(MANY);
    pair_say(pair, bytes, MANY);
    act_read(&act, pair->sock, 1, NULL);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect(&act, bytes, 1);
    return bytes + 1;
}

static void expect_many(struct pair *pair, const uint8_t *bytes)
{
    struct act act;
    act_read(&act, pair->sock, MANY - 1, NULL);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect(&act, bytes, (size_t)MANY - 1);
}

Test(landing, what_is_read_at_once_takes_no_block)
{
    struct act act;
    pair_say_text(&first, "abc");
    act_sysread(&act, first.sock, 100);
    act.decline = true;
    cr_assert_eq(act_run(&act, 1), 0);
    cr_assert(first.sock->in.lent);
    cr_assert_eq(fixture_stats().bytes, 0);
    read_text(&second, "x");
}

Test(landing, sockets_that_take_turns)
{
    for (int i = 0; i < 10; i++) {
        read_text(&first, "to the first");
        read_text(&second, "to the second one");
    }
}

Test(landing, what_is_left_survives_anothers_read)
{
    const uint8_t *bytes = leave_many(&first);
    cr_assert(first.sock->in.lent);
    read_text(&second, "meanwhile");
    cr_assert_not(first.sock->in.lent);
    cr_assert_eq(first.sock->net->landed, second.sock);
    read_text(&second, "and again");
    expect_many(&first, bytes);
}

Test(landing, what_is_being_delivered_is_not_moved)
{
    struct op op;
    pair_say_text(&first, "held in the hand");
    op_sysread(&op, first.sock, 100);
    cr_assert_eq(op_start(&op, 0, NULL), OP_DONE);
    cr_assert_eq(op.status, 0);
    const uint8_t *data = op.in.data;
    read_text(&second, "meanwhile");
    cr_assert_eq(op.in.data, data);
    cr_assert_eq(memcmp(data, "held in the hand", op.in.length), 0);
    op_consume(&op);
    op_finish(&op);
    read_text(&first, "on");
}

Test(landing, a_socket_that_is_gone_leaves_the_place_to_others)
{
    leave_many(&first);
    pair_close(&first);
    read_text(&second, "alone");
    pair_open(&first, PAIR_UNIX);
    read_text(&first, "anew");
}

Test(landing, bytes_given_back_come_first)
{
    struct act act;
    const uint8_t *bytes = leave_many(&first);
    cr_assert_eq(sock_unread(first.sock, "back", 4), 0);
    read_text(&second, "meanwhile");
    act_read(&act, first.sock, 4, NULL);
    cr_assert_eq(act_run(&act, 1), 0);
    act_expect_text(&act, "back");
    expect_many(&first, bytes);
}
