/* Sockets made by clients: named, counted, and forgotten when they close. */
#include "fixture.h"

#include "rpc/handles.h"
#include "rpc/quota.h"
#include "util/error.h"

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

Test(handles, a_name_is_unique_to_its_owner_until_the_socket_closes)
{
    start(0);
    struct sock *one = make(1), *two = make(1), *other = make(2);
    cr_assert_eq(handles_add(handles, one, "web", 3), 0);
    cr_assert_eq(handles_add(handles, two, "web", 3), -EEXIST);
    cr_assert_eq(handles_add(handles, other, "web", 3), 0);
    cr_assert_eq(handles_find(handles, 1, "web", 3), sock_id(one));
    cr_assert_eq(handles_find(handles, 2, "web", 3), sock_id(other));
    cr_assert_eq(handles_find(handles, 3, "web", 3), 0);
    cr_assert_str_eq(handles_name(handles, sock_id(one)), "web");
    cr_assert_null(handles_name(handles, sock_id(two)));
    sock_unref(one);
    cr_assert_eq(handles_find(handles, 1, "web", 3), 0);
    cr_assert_eq(handles_add(handles, two, "web", 3), 0);
    sock_unref(two);
    sock_unref(other);
    cr_assert_eq(fixture_stats(&fixture).sockets, 0);
    fixture_stop(&fixture);
}

Test(handles, there_are_no_more_than_the_quota)
{
    start(2);
    struct sock *socks[3] = {make(1), make(1), make(1)};
    cr_assert_eq(handles_add(handles, socks[0], NULL, 0), 0);
    cr_assert_eq(handles_add(handles, socks[1], "a", 1), 0);
    cr_assert_eq(handles_add(handles, socks[2], "b", 1), -EDQUOT);
    cr_assert_eq(handles_find(handles, 1, "b", 1), 0);
    sock_close(socks[0]);
    cr_assert_eq(handles_add(handles, socks[2], "b", 1), 0);
    for (int i = 0; i < 3; i++)
        sock_unref(socks[i]);
    fixture_stop(&fixture);
}

Test(handles, a_forgotten_socket_stays_open)
{
    start(0);
    struct sock *sock = make(1);
    cr_assert_eq(handles_add(handles, sock, "a", 1), 0);
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
    handles_init(&own, fixture.rpc->quota);
    for (int i = 0; i < 100; i++) {
        socks[i] = make(1);
        char name[8];
        int size = snprintf(name, sizeof name, "n%d", i);
        cr_assert_eq(handles_add(&own, socks[i], name, (size_t)size), 0);
    }
    handles_deinit(&own);
    for (int i = 0; i < 100; i++)
        sock_unref(socks[i]);
    fixture_stop(&fixture);
}
