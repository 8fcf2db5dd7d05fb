/* What methods share: handles by number and by name, whose they are, places. */
#include "fixture.h"

#include <unistd.h>

static struct fixture fixture;
static struct client *client;

static void start(void)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
}

static void stop(void)
{
    client_free(client);
    fixture_stop(&fixture);
}

static int64_t named(struct client *who, const char *name)
{
    return client_int(who, "socket", "ss{ss}", "AF_INET", "SOCK_STREAM", "name", name);
}

Test(method, a_socket_is_known_by_number_and_by_name)
{
    start();
    int64_t handle = named(client, "web.front-1");
    cr_assert_eq(client_int(client, "errno", "s", "web.front-1"), 0);
    cr_assert_eq(client_int(client, "errno", "i", handle), 0);
    client_fails(client, "EEXIST", "socket", "ss{ss}", "AF_INET", "SOCK_STREAM", "name",
                 "web.front-1");
    client_fails(client, "EBADF", "errno", "s", "web.front-2");
    client_fails(client, "EINVAL", "errno", "s", "no name");
    client_fails(client, "EINVAL", "errno", "s", "");
    client_fails(client, "EINVAL", "socket", "ss{ss}", "AF_INET", "SOCK_STREAM", "name", "1st");
    cr_assert(client_true(client, "close", "s", "web.front-1"));
    client_fails(client, "EBADF", "errno", "s", "web.front-1");
    client_fails(client, "EBADF", "errno", "i", handle);
    client_fails(client, "EBADF", "errno", "i", (int64_t)99999);
    client_fails(client, "EINVAL", "errno", "i", (int64_t)0);
    stop();
}

Test(method, only_its_owner_and_administrators_use_a_socket)
{
    start();
    struct client *one = client_new_as(&fixture, 1001);
    struct client *two = client_new_as(&fixture, 1002);
    int64_t handle = named(one, "mine");
    named(two, "mine");
    struct message answer = client_answer(two, client_request(two, "errno", "i", handle));
    cr_assert_str_eq(error_name(&answer), "EPERM");
    cr_assert(is_refused(&answer));
    client_fails(two, "EPERM", "errno", "s", "1001:mine");
    client_fails(two, "EBADF", "errno", "s", "1001:other");
    cr_assert_eq(client_int(two, "errno", "s", "1002:mine"), 0);
    cr_assert_eq(client_int(client, "errno", "i", handle), 0);
    cr_assert_eq(client_int(client, "errno", "s", "1001:mine"), 0);
    client_fails(client, "EBADF", "errno", "s", "mine");
    client_fails(client, "EINVAL", "errno", "s", "99999999999:mine");
    cr_assert(client_true(client, "close", "s", "1001:mine"));
    cr_assert(client_true(client, "close", "s", "1002:mine"));
    client_free(one);
    client_free(two);
    stop();
}

Test(method, no_more_sockets_than_the_quota)
{
    struct rpc_config config = {.quota.most = {[QUOTA_SOCKETS] = 2}};
    fixture_start(&fixture, &config, NULL, NULL);
    client = client_new_as(&fixture, 1001);
    int64_t one = client_int(client, "socket", "ss", "AF_INET", "SOCK_STREAM");
    client_int(client, "socket", "ss", "AF_INET", "SOCK_STREAM");
    struct message answer =
        client_answer(client, client_request(client, "socket", "ss", "AF_INET", "SOCK_STREAM"));
    cr_assert_str_eq(error_name(&answer), "EDQUOT");
    cr_assert(is_refused(&answer));
    cr_assert(client_true(client, "close", "i", one));
    client_int(client, "socket", "ss", "AF_INET", "SOCK_STREAM");
    stop();
}
