/* Sockets made by clients: named, counted, and forgotten when they close. */
#include "fixture.h"

#include "rpc/handles.h"
#include "util/error.h"
#include "util/quota.h"

#include <string.h>
#include <sys/socket.h>

static struct fixture fixture;
static struct handles *handles;

static void start(size_t sockets)
{
    struct rpc_config config = {.quota.most = {[QUOTA_SOCKETS] = sockets}};
    fixture_start(&fixture, &config, NULL, NULL);
    handles = &fixture.rpc->handles;
}

static struct sock *make(uid_t owner)
{
    struct sock *sock;
    cr_assert_eq(sock_new(fixture.net, AF_INET, SOCK_STREAM, 0, owner, &sock), 0);
    return sock;
}

static int add(struct handles *to, struct sock *sock, const char *name)
{
    struct arg_settings settings = {.given = METHOD_OPTION_NAME};
    if (name)
        settings.name = (struct arg_bytes){name, strlen(name)};
    return handles_add(to, sock, &settings, NULL);
}

static bool is_named(struct sock *sock, const char *name)
{
    struct arg_bytes is = handles_settings(handles, sock_id(sock)).name;
    return is.size == strlen(name) && (is.size == 0 || memcmp(is.data, name, is.size) == 0);
}

Test(handles, a_name_is_unique_to_its_owner_until_the_socket_closes)
{
    start(0);
    struct sock *one = make(1), *two = make(1), *other = make(2);
    cr_assert_eq(add(handles, one, "web"), 0);
    cr_assert_eq(add(handles, two, "web"), -EEXIST);
    cr_assert_eq(add(handles, other, "web"), 0);
    cr_assert_eq(handles_find(handles, 1, "web", 3), sock_id(one));
    cr_assert_eq(handles_find(handles, 2, "web", 3), sock_id(other));
    cr_assert_eq(handles_find(handles, 3, "web", 3), 0);
    cr_assert(is_named(one, "web"));
    cr_assert(is_named(two, ""));
    sock_unref(one);
    cr_assert_eq(handles_find(handles, 1, "web", 3), 0);
    cr_assert_eq(add(handles, two, "web"), 0);
    sock_unref(two);
    sock_unref(other);
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
    fixture_stop(&fixture);
}

Test(handles, there_are_no_more_than_the_quota)
{
    start(2);
    struct sock *socks[3] = {make(1), make(1), make(1)};
    cr_assert_eq(add(handles, socks[0], NULL), 0);
    cr_assert_eq(add(handles, socks[1], "a"), 0);
    cr_assert_eq(add(handles, socks[2], "b"), -EDQUOT);
    cr_assert_eq(handles_find(handles, 1, "b", 1), 0);
    sock_close(socks[0]);
    cr_assert_eq(add(handles, socks[2], "b"), 0);
    for (int i = 0; i < 3; i++)
        sock_unref(socks[i]);
    fixture_stop(&fixture);
}

Test(handles, a_forgotten_socket_stays_open)
{
    start(0);
    struct sock *sock = make(1);
    cr_assert_eq(add(handles, sock, "a"), 0);
    handles_forget(handles, sock_id(sock));
    handles_forget(handles, sock_id(sock));
    cr_assert(sock_is_open(sock));
    cr_assert_eq(handles_find(handles, 1, "a", 1), 0);
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
    sock_unref(sock);
    fixture_stop(&fixture);
}

Test(handles, the_registry_may_end_before_its_sockets)
{
    struct handles own;
    struct sock *socks[100];
    start(0);
    handles_init(&own, fixture.rpc->quota, fixture.loop);
    for (int i = 0; i < 100; i++) {
        socks[i] = make(1);
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        cr_assert_eq(add(&own, socks[i], name), 0);
    }
    handles_deinit(&own);
    for (int i = 0; i < 100; i++)
        sock_unref(socks[i]);
    fixture_stop(&fixture);
}

static const struct arg_settings renamed = {.given = METHOD_OPTION_NAME, .name = {"new", 3}};
static const struct arg_settings unnamed = {.given = METHOD_OPTION_NAME};

Test(handles, a_name_is_changed_and_taken_away)
{
    start(0);
    struct sock *one = make(1), *two = make(1);
    cr_assert_eq(add(handles, one, "web"), 0);
    cr_assert_eq(add(handles, two, "new"), 0);
    cr_assert_eq(handles_set(handles, one, &renamed, NULL), -EEXIST);
    cr_assert(is_named(one, "web"));
    cr_assert_eq(handles_set(handles, two, &renamed, NULL), 0);
    cr_assert_eq(handles_set(handles, two, &unnamed, NULL), 0);
    cr_assert_eq(handles_find(handles, 1, "new", 3), 0);
    cr_assert_eq(handles_set(handles, one, &renamed, NULL), 0);
    cr_assert_eq(handles_find(handles, 1, "new", 3), sock_id(one));
    cr_assert_eq(handles_find(handles, 1, "web", 3), 0);
    sock_unref(one);
    sock_unref(two);
    fixture_stop(&fixture);
}

Test(handles, what_a_script_made_is_named_without_a_charge)
{
    start(1);
    struct sock *scripts = make(0), *own = make(0);
    cr_assert_eq(handles_set(handles, scripts, &renamed, NULL), 0);
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
    cr_assert_eq(handles_find(handles, 0, "new", 3), sock_id(scripts));
    cr_assert_eq(add(handles, own, "new"), -EEXIST);
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
    cr_assert_eq(add(handles, own, NULL), 0);
    cr_assert_eq(fixture_stats(&fixture).sockets, 1);
    sock_unref(scripts);
    sock_unref(own);
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
    fixture_stop(&fixture);
}

Test(handles, a_socket_closes_with_the_connection_that_it_is_tied_to)
{
    static const struct arg_settings tied = {.given = METHOD_OPTION_LIFETIME, .tied = true};
    static const struct arg_settings loose = {.given = METHOD_OPTION_LIFETIME};
    struct list connection = LIST_INIT(connection), another = LIST_INIT(another);
    start(0);
    struct sock *socks[3] = {make(1), make(1), make(1)}, *late = make(1);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(handles_add(handles, socks[i], &tied, &connection), 0);
    cr_assert_eq(handles_add(handles, late, &tied, NULL), -ECANCELED);
    sock_unref(late);
    cr_assert_eq(handles_set(handles, socks[1], &loose, &connection), 0);
    cr_assert_eq(handles_set(handles, socks[2], &tied, &another), 0);
    cr_assert_eq(handles_set(handles, socks[2], &tied, NULL), -ECANCELED);
    handles_close_tied(handles, &connection);
    cr_assert(list_empty(&connection));
    cr_assert_not(sock_is_open(socks[0]));
    cr_assert(sock_is_open(socks[1]) && sock_is_open(socks[2]));
    cr_assert(handles_settings(handles, sock_id(socks[2])).tied);
    handles_close_tied(handles, &another);
    cr_assert_not(sock_is_open(socks[2]));
    for (int i = 0; i < 3; i++)
        sock_unref(socks[i]);
    fixture_stop(&fixture);
}

static void on_read(struct op *op)
{
    (void)op;
}

Test(handles, a_socket_without_use_for_its_time_to_live_closes)
{
    static const struct arg_settings mortal = {.given = METHOD_OPTION_TTL, .ttl = 0.05};
    static const struct arg_settings immortal = {.given = METHOD_OPTION_TTL};
    struct op op;
    start(0);
    struct sock *idle = make(1), *waited = make(1), *used = make(1), *spared = make(1);
    struct sock *all[4] = {idle, waited, used, spared};
    uint64_t begin = loop_now();
    for (int i = 0; i < 4; i++)
        cr_assert_eq(handles_add(handles, all[i], &mortal, NULL), 0);
    cr_assert_eq(handles_settings(handles, sock_id(idle)).ttl, 0.05);
    cr_assert_eq(handles_set(handles, spared, &immortal, NULL), 0);
    op_accept(&op, waited);
    cr_assert_eq(sock_listen(waited, 1), 0);
    cr_assert_eq(op_start(&op, LOOP_NEVER, on_read), OP_WAIT);
    while (loop_now() < begin + LOOP_SECOND / 10) {
        sock_touch(used);
        fixture_spin(&fixture);
    }
    cr_assert(!sock_is_open(idle) && sock_is_open(waited) && sock_is_open(used));
    op_abort(&op);
    uint64_t left = loop_now();
    UNTIL(&fixture, !sock_is_open(waited) && !sock_is_open(used));
    cr_assert_gt(loop_now() - left, LOOP_SECOND / 25, "a wait and a use begin the time anew");
    cr_assert(sock_is_open(spared));
    for (int i = 0; i < 4; i++)
        sock_unref(all[i]);
    fixture_stop(&fixture);
}
