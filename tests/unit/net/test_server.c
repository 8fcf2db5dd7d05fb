/* The accept loop: nobody lost, nobody starved, and no spinning where there is no room. */
#include "net_peers.h"

#include "harness/harness.h"
#include "net/server.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>

enum { CROWD = 300 };

static struct sock *listener;
static struct address at;
static struct server *server;

static struct sock *accepted[CROWD];
static unsigned accepted_count, closed_count, tries;
static unsigned stop_after, close_after, pause_after;
static bool stop_when_closed;

/* Counted on the way to the real one: how often the loop tries. */
void __real_op_accept_always(struct op *op, struct sock *sock);
void __wrap_op_accept_always(struct op *op, struct sock *sock);

void __wrap_op_accept_always(struct op *op, struct sock *sock)
{
    tries++;
    __real_op_accept_always(op, sock);
}

static void on_connection(void *context, struct sock *connection, const struct address *from)
{
    cr_assert_eq(context, &server);
    cr_assert_eq(from->family, AF_INET);
    cr_assert_lt(accepted_count, CROWD);
    if (accepted_count == pause_after && pause_after > 0) {
        sock_unaccept(listener, connection);
        server_pause(server);
        return;
    }
    accepted[accepted_count++] = connection;
    if (accepted_count == stop_after)
        server_stop(server);
    if (accepted_count == close_after)
        cr_assert_eq(sock_close(listener), 0);
}

static void on_closed(void *context)
{
    cr_assert_eq(context, &server);
    closed_count++;
    if (stop_when_closed)
        server_stop(server);
}

static void start(void)
{
    static const struct server_callbacks callbacks = {on_connection, on_closed};
    cr_assert_eq(server_start(listener, &callbacks, &server, &server), 0);
}

static void setup(void)
{
    fixture_up();
    listener = fixture_listener(&at);
}

static void drop_accepted(void)
{
    while (accepted_count > 0)
        sock_unref(accepted[--accepted_count]);
}

static void teardown(void)
{
    drop_accepted();
    sock_unref(listener);
    fixture_down();
}

TestSuite(server, .init = setup, .fini = teardown);

static int fds[CROWD];

static void dial(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        fds[i] = fixture_dial(&at);
}

static void hang_up(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
}

static bool has_accepted(void *context)
{
    return accepted_count >= *(unsigned *)context;
}

static void await(unsigned count)
{
    fixture_run_until(has_accepted, &count);
}

static bool has_closed(void *context)
{
    (void)context;
    return closed_count > 0;
}

Test(server, hands_over_every_connection)
{
    start();
    dial(3);
    await(3);
    cr_assert_eq(fixture_stats().sockets, 4);
    server_stop(server);
    hang_up(3);
}

Test(server, hands_over_those_that_came_before_it)
{
    dial(3);
    fixture_run_rounds(2);
    start();
    cr_assert_eq(accepted_count, 0, "from within the call");
    await(3);
    server_stop(server);
    hang_up(3);
}

static unsigned at_the_others_turn;

static void others_turn(struct loop_task *task)
{
    (void)task;
    at_the_others_turn = accepted_count;
}

Test(server, lets_others_have_a_turn_between_two_batches)
{
    struct loop_task task;
    dial(250);
    fixture_run_rounds(2);
    start();
    loop_task_init(&task, others_turn);
    loop_defer(loop, &task);
    await(250);
    cr_assert(at_the_others_turn > 0 && at_the_others_turn < 250, "after %u", at_the_others_turn);
    server_stop(server);
    hang_up(250);
}

Test(server, holds_its_listener)
{
    start();
    sock_unref(listener);
    dial(1);
    await(1);
    listener = sock_ref(net_find_fd(net, sock_fd(listener)));
    server_stop(server);
    hang_up(1);
}

/* ---- its end ---- */

Test(server, ends_when_its_listener_closes)
{
    start();
    fixture_run_rounds(2);
    fixture_close(listener);
    cr_assert_eq(closed_count, 0, "from within the call");
    fixture_run_until(has_closed, NULL);
    fixture_run_rounds(3);
    cr_assert_eq(closed_count, 1);
}

Test(server, ends_when_its_listener_is_shut_down)
{
    start();
    fixture_run_rounds(2);
    cr_assert_eq(sock_shutdown(listener, SHUT_RDWR), 0);
    fixture_run_until(has_closed, NULL);
}

Test(server, may_be_stopped_before_its_first_turn)
{
    start();
    server_stop(server);
    dial(1);
    fixture_run_rounds(3);
    cr_assert_eq(accepted_count + closed_count, 0);
    hang_up(1);
}

Test(server, may_be_stopped_while_it_waits)
{
    start();
    fixture_run_rounds(2);
    server_stop(server);
    cr_assert_eq(fixture_stats().operations, 0);
    dial(1);
    fixture_run_rounds(3);
    cr_assert_eq(accepted_count + closed_count, 0);
    cr_assert(sock_is_open(listener));
    hang_up(1);
}

Test(server, may_be_stopped_by_its_callback_in_the_first_batch)
{
    dial(5);
    fixture_run_rounds(2);
    stop_after = 2;
    start();
    fixture_run_rounds(5);
    cr_assert_eq(accepted_count, 2);
    cr_assert_eq(closed_count, 0);
    hang_up(5);
}

Test(server, may_be_stopped_by_its_callback_after_a_wait)
{
    stop_after = 1;
    start();
    fixture_run_rounds(2);
    dial(1);
    await(1);
    fixture_run_rounds(3);
    cr_assert_eq(fixture_stats().operations, 0);
    hang_up(1);
}

Test(server, its_listener_may_be_closed_by_its_callback)
{
    dial(5);
    fixture_run_rounds(2);
    close_after = 2;
    start();
    fixture_run_until(has_closed, NULL);
    cr_assert_eq(accepted_count, 2);
    cr_assert_eq(closed_count, 1);
    hang_up(5);
}

Test(server, may_be_stopped_and_closed_by_its_callback)
{
    dial(2);
    fixture_run_rounds(2);
    stop_after = close_after = 1;
    start();
    fixture_run_rounds(5);
    cr_assert_eq(accepted_count, 1);
    cr_assert_eq(closed_count, 0);
    hang_up(2);
}

Test(server, stopped_from_closed_it_is_freed_twice)
{
    stop_when_closed = true;
    start();
    fixture_run_rounds(2);
    fixture_close(listener);
    fixture_run_until(has_closed, NULL);
    fixture_run_rounds(3);
}

/* ---- limits ---- */

static void limit_sockets(size_t most)
{
    sock_unref(listener);
    fixture_configure(&(struct net_config){.max_sockets = most});
    listener = fixture_listener(&at);
}

static bool time_is_over(void *context)
{
    return loop_now() >= *(uint64_t *)context;
}

Test(server, out_of_sockets_it_spins)
{
    limit_sockets(3);
    start();
    dial(20);
    await(2);
    fixture_run_rounds(3);
    tries = 0;
    uint64_t end = loop_now() + LOOP_SECOND / 4;
    fixture_run_until(time_is_over, &end);
    cr_assert_leq(tries, 4, "%u tries in a quarter of a second", tries);
    cr_assert_eq(accepted_count, 2);
    server_stop(server);
    hang_up(20);
}

/* Each socket that closes lets one more in, in the next rounds of the loop and not after a rest. */
Test(server, out_of_sockets_it_goes_on_as_soon_as_one_closes)
{
    limit_sockets(3);
    start();
    dial(20);
    await(2);
    fixture_run_rounds(3);
    for (unsigned i = 0; i < 18; i++) {
        cr_assert_eq(accepted_count, 2);
        sock_unref(accepted[0]);
        accepted[0] = accepted[1];
        accepted_count--;
        fixture_run_rounds(3);
    }
    cr_assert_eq(accepted_count, 2);
    server_stop(server);
    hang_up(20);
}

Test(server, all_that_wait_for_sockets_get_their_turn)
{
    struct address second_at;
    struct server *second;
    limit_sockets(3);
    struct sock *other = fixture_listener(&second_at);
    static const struct server_callbacks callbacks = {on_connection, on_closed};
    start();
    cr_assert_eq(server_start(other, &callbacks, &server, &second), 0);
    dial(1);
    await(1);
    fds[1] = fixture_dial(&at);
    fds[2] = fixture_dial(&second_at);
    fixture_run_rounds(5);
    drop_accepted();
    await(1);
    drop_accepted();
    await(1);
    server_stop(second);
    server_stop(server);
    sock_unref(other);
    hang_up(3);
}

Test(server, may_be_stopped_while_it_rests)
{
    limit_sockets(2);
    start();
    dial(3);
    await(1);
    fixture_run_rounds(3);
    server_stop(server);
    drop_accepted();
    fixture_run_rounds(3);
    cr_assert_eq(accepted_count, 0);
    hang_up(3);
}

Test(server, may_be_stopped_when_it_was_just_woken)
{
    limit_sockets(2);
    start();
    dial(3);
    await(1);
    fixture_run_rounds(3);
    drop_accepted();
    server_stop(server);
    fixture_run_rounds(3);
    cr_assert_eq(accepted_count, 0);
    hang_up(3);
}

Test(server, ends_when_its_listener_closes_while_it_rests)
{
    limit_sockets(2);
    start();
    dial(3);
    await(1);
    fixture_run_rounds(3);
    fixture_close(listener);
    fixture_run_until(has_closed, NULL);
    hang_up(3);
}

/* Out of descriptors it is the kernel that says so. */
Test(server, out_of_descriptors_it_rests_and_goes_on)
{
    struct rlimit before, limit;
    start();
    dial(3);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    int lowest = dup(0); /* the lowest that is free: from here on there are none */
    close(lowest);
    limit.rlim_cur = (rlim_t)lowest;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    fixture_run_rounds(3);
    tries = 0;
    uint64_t end = loop_now() + LOOP_SECOND / 4;
    fixture_run_until(time_is_over, &end);
    cr_assert_leq(tries, 4, "%u tries in a quarter of a second", tries);
    cr_assert_eq(accepted_count, 0);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    await(3);
    server_stop(server);
    hang_up(3);
}

/* ---- modes ---- */

Test(server, on_a_non_blocking_listener_it_polls)
{
    sock_set_nonblock(listener, true);
    start();
    fixture_run_rounds(3);
    cr_assert_eq(fixture_stats().operations, 1, "it does not wait");
    dial(1);
    await(1);
    server_stop(server);
    hang_up(1);
}

/* ---- pauses ---- */

Test(server, keeps_what_comes_while_it_pauses)
{
    pause_after = 2;
    start();
    dial(4);
    await(2);
    unsigned before = tries;
    fixture_run_rounds(20);
    cr_assert_eq(accepted_count, 2);
    cr_assert_leq(tries - before, 1, "it spins");
    pause_after = 0;
    server_resume(server);
    server_resume(server);
    await(4);
    server_stop(server);
    hang_up(4);
}

Test(server, hears_in_a_pause_that_its_listener_closes)
{
    pause_after = 1;
    start();
    dial(2);
    await(1);
    fixture_run_rounds(20);
    sock_close(listener);
    fixture_run_until(has_closed, NULL);
    cr_assert_eq(closed_count, 1);
    hang_up(2);
}

Test(server, may_be_stopped_in_a_pause)
{
    pause_after = 1;
    start();
    dial(2);
    await(1);
    fixture_run_rounds(20);
    server_stop(server);
    hang_up(2);
}
