/* What all sockets share: numbers, look-ups, limits, and the end of everything. */
#include "net_peers.h"

#include "net/net_private.h"

#include <math.h>
#include <sys/resource.h>

TestSuite(net, .init = fixture_up, .fini = fixture_down);

static struct sock *fresh(void)
{
    struct sock *sock;
    cr_assert_eq(sock_new(net, AF_INET, SOCK_DGRAM, 0, 0, &sock), 0);
    return sock;
}

/* ---- numbers ---- */

Test(net, numbers_only_grow)
{
    uint64_t last = 0;
    for (int i = 0; i < 100; i++) {
        struct sock *sock = fresh();
        cr_assert_gt(sock_id(sock), last);
        last = sock_id(sock);
        sock_unref(sock);
    }
    cr_assert_eq(last, 100);
    cr_assert_eq(fixture_stats().made, 100);
}

Test(net, numbers_begin_where_they_shall)
{
    fixture_configure(&(struct net_config){.first_id = 5000000000});
    struct sock *sock = fresh();
    cr_assert_eq(sock_id(sock), 5000000000);
    sock_unref(sock);
}

static uint64_t reserved;
static unsigned reservations;
static int refusal;

static int reserve(void *context, uint64_t last)
{
    cr_assert_eq(context, &reserved);
    if (refusal < 0)
        return refusal;
    cr_assert_gt(last, reserved);
    reserved = last;
    reservations++;
    return 0;
}

static void configure_reserving(void)
{
    fixture_configure(
        &(struct net_config){.first_id = 77, .reserve_ids = reserve, .context = &reserved});
}

Test(net, no_number_is_given_before_it_was_reserved)
{
    configure_reserving();
    cr_assert_eq(reservations, 0);
    for (int i = 0; i < 10000; i++) {
        struct sock *sock = fresh();
        cr_assert_leq(sock_id(sock), reserved);
        sock_unref(sock);
    }
    cr_assert_geq(reservations, 2);
    cr_assert_leq(reservations, 10, "they are reserved in blocks");
}

Test(net, a_number_that_cannot_be_reserved_fails_the_socket)
{
    struct sock *sock;
    configure_reserving();
    refusal = -ENOSPC;
    cr_assert_eq(sock_new(net, AF_INET, SOCK_DGRAM, 0, 0, &sock), -ENOSPC);
    cr_assert_eq(fixture_stats().sockets, 0);
    refusal = 0;
    sock = fresh();
    cr_assert_eq(sock_id(sock), 77);
    sock_unref(sock);
}

/* ---- finding ---- */

enum { MANY = 500 };

static struct sock *socks[MANY];

static void open_many(int count)
{
    for (int i = 0; i < count; i++)
        socks[i] = fresh();
}

static void close_many(int count)
{
    for (int i = 0; i < count; i++)
        sock_unref(socks[i]);
}

Test(net, sockets_are_found_by_number_and_by_descriptor)
{
    open_many(MANY);
    for (int i = 0; i < MANY; i++) {
        cr_assert_eq(net_find(net, sock_id(socks[i])), socks[i]);
        cr_assert_eq(net_find_fd(net, sock_fd(socks[i])), socks[i]);
    }
    cr_assert_null(net_find(net, 0));
    cr_assert_null(net_find(net, MANY + 1));
    cr_assert_null(net_find_fd(net, -1));
    cr_assert_null(net_find_fd(net, 0));
    cr_assert_null(net_find_fd(net, 1 << 30));
    close_many(MANY);
}

Test(net, closed_ones_are_not_found)
{
    open_many(200);
    for (int i = 0; i < 200; i += 2)
        fixture_close(socks[i]);
    for (int i = 0; i < 200; i++)
        cr_assert_eq(net_find(net, (uint64_t)i + 1), i % 2 == 0 ? NULL : socks[i]);
    cr_assert_eq(fixture_stats().sockets, 100);
    close_many(200);
}

/* A few that live among many that come and go share the places of the registry. */
Test(net, numbers_that_fall_together_are_told_apart)
{
    enum { STRIDE = 64, FEW = 20 };
    for (int i = 0; i < FEW * STRIDE; i++) {
        struct sock *sock = fresh();
        if (i % STRIDE == 0)
            socks[i / STRIDE] = sock;
        else
            sock_unref(sock);
    }
    for (int i = 0; i < FEW; i++)
        cr_assert_eq(net_find(net, (uint64_t)i * STRIDE + 1), socks[i]);
    for (int i = 1; i < FEW; i += 2)
        fixture_close(socks[i]);
    for (int i = 0; i < FEW; i++)
        cr_assert_eq(net_find(net, (uint64_t)i * STRIDE + 1), i % 2 == 0 ? socks[i] : NULL);
    close_many(FEW);
}

Test(net, a_descriptor_that_is_used_again_belongs_to_the_new_socket)
{
    struct sock *first = fresh();
    int fd = sock_fd(first);
    fixture_close(first);
    cr_assert_null(net_find_fd(net, fd));
    struct sock *second = fresh();
    cr_assert_eq(sock_fd(second), fd);
    cr_assert_eq(net_find_fd(net, fd), second);
    sock_unref(first);
    cr_assert_eq(net_find_fd(net, fd), second);
    sock_unref(second);
}

/* ---- walking ---- */

static uint64_t walked[16];
static int walked_count;

static void note(void *context, struct sock *sock)
{
    walked[walked_count++] = sock_id(sock);
    struct sock **victims = context;
    for (int i = 0; victims != NULL && i < 2; i++)
        if (victims[i] != NULL)
            sock_close(victims[i]);
}

static unsigned walked_total;
static uint64_t walked_last;

static void count_in_order(void *context, struct sock *sock)
{
    (void)context;
    if (walked_total++ > 0)
        cr_assert_gt(sock_id(sock), walked_last);
    walked_last = sock_id(sock);
}

Test(net, all_are_walked_in_order_of_their_numbers)
{
    open_many(10);
    fixture_close(socks[3]);
    net_each(net, note, NULL);
    cr_assert_eq(walked_count, 9);
    for (int i = 1; i < 9; i++)
        cr_assert_gt(walked[i], walked[i - 1]);
    close_many(10);
}

Test(net, some_may_close_on_the_way)
{
    open_many(4);
    net_each(net, note, (struct sock *[]){socks[0], socks[1]}); /* itself and the next */
    cr_assert_eq(walked_count, 3);
    cr_assert_eq(walked[1], sock_id(socks[2]));
    close_many(4);
}

Test(net, those_that_came_while_the_registry_grew_are_walked_too)
{
    open_many(MANY);
    walked_total = 0;
    cr_assert_eq(net_each(net, count_in_order, NULL), 0);
    cr_assert_eq(walked_total, MANY);
    close_many(MANY);
    cr_assert_eq(net_each(net, count_in_order, NULL), 0);
    cr_assert_eq(walked_total, MANY);
}

Test(net, listeners_are_closed_and_nothing_else)
{
    open_many(100);
    for (int i = 50; i < 60; i++) {
        sock_unref(socks[i]);
        cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, 0, &socks[i]), 0);
        cr_assert_eq(sock_listen(socks[i], 1), 0);
    }
    sock_unaccept(socks[55], sock_ref(socks[1])); /* goes with it */
    net_close_listeners(net);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(sock_is_open(socks[i]), i != 1 && (i < 50 || i >= 60), "number %d", i);
    close_many(100);
}

/* ---- limits ---- */

Test(net, without_a_limit_of_its_own_it_leaves_some_descriptors_for_others)
{
    struct rlimit before, limit = {.rlim_cur = 256};
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit.rlim_max = before.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    fixture_configure(NULL);
    cr_assert_leq(fixture_stats().max_sockets, 256 - 64);
    cr_assert_gt(fixture_stats().max_sockets, 64);
    limit.rlim_cur = 64;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    fixture_configure(NULL);
    cr_assert(fixture_stats().max_sockets > 0 && fixture_stats().max_sockets < 64);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* ---- the end ---- */

Test(net, all_close_at_the_end)
{
    open_many(10);
    for (int i = 0; i < 5; i++)
        sock_keep(socks[i]);
    close_many(5);
    net_close_all(net);
    cr_assert_eq(fixture_stats().sockets, 0);
    for (int i = 5; i < 10; i++) {
        cr_assert_not(sock_is_open(socks[i]));
        sock_unref(socks[i]);
    }
}

Test(net, freed_between_a_cancellation_and_its_delivery_it_leaves_a_task)
{
    struct pair pair;
    struct act act;
    pair_open(&pair, PAIR_UNIX);
    act_read(&act, pair.sock, 1, NULL);
    act_start(&act, INFINITY);
    act_cancel(&act, -ECANCELED);
    act_abort(&act);
    pair_close(&pair);
    fixture_configure(NULL); /* frees it */
    cr_assert_eq(loop_busy(loop), 0);
}

Test(net, is_what_it_was_made_of)
{
    cr_assert_eq(net_loop(net), loop);
    cr_assert_not_null(net_pool(net));
    net_free(NULL);
}
