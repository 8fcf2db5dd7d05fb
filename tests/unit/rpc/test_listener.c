/* Letting clients in, as far as quotas and descriptors allow. */
#include "fixture.h"

#include "harness/harness.h"
#include "rpc/listener.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;

static bool is_turned_away(struct client *client, const char *name)
{
    struct message answer;
    return client_next(client, &answer) && !answer.has_msgid &&
           strcmp(error_name(&answer), name) == 0 && !client_next(client, &answer);
}

Test(listener, many_that_knock_at_once_are_all_let_in)
{
    enum { COUNT = 200 };
    struct client *clients[COUNT];
    fixture_start(&fixture, NULL, NULL, NULL);
    for (int i = 0; i < COUNT; i++)
        clients[i] = client_new(&fixture);
    UNTIL(&fixture, fixture_stats(&fixture).clients == COUNT);
    for (int i = 0; i < COUNT; i++) {
        client_text(clients[i], "pong", "sockd.ping", "");
        client_free(clients[i]);
    }
    cr_assert_eq(fixture_stats(&fixture).connected, COUNT);
    fixture_stop(&fixture);
}

static unsigned in_vain;

int __real_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags);

int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *size, int flags)
{
    int connected = __real_accept4(fd, from, size, flags);
    in_vain += connected < 0;
    return connected;
}

Test(listener, nobody_is_let_in_who_has_not_knocked)
{
    struct client *clients[3];
    fixture_start(&fixture, NULL, NULL, NULL);
    for (int i = 0; i < 3; i++) {
        clients[i] = client_new(&fixture);
        client_text(clients[i], "pong", "sockd.ping", "");
    }
    cr_assert_eq(in_vain, 0, "it costs as much as a request");
    for (int i = 0; i < 3; i++)
        client_free(clients[i]);
    fixture_stop(&fixture);
}

Test(listener, beyond_its_quota_a_user_is_told_and_turned_away)
{
    struct rpc_config config = {.quota.most = {[QUOTA_CLIENTS] = 2}};
    fixture_start(&fixture, &config, NULL, NULL);
    struct client *one = client_new_as(&fixture, 1001);
    struct client *two = client_new_as(&fixture, 1001);
    struct client *three = client_new_as(&fixture, 1001);
    struct client *other = client_new_as(&fixture, 1002);
    struct client *root = client_new(&fixture);
    cr_assert(is_turned_away(three, "EDQUOT"));
    client_text(other, "pong", "sockd.ping", "");
    client_text(root, "pong", "sockd.ping", "");
    client_free(one);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 3);
    one = client_new_as(&fixture, 1001);
    client_text(one, "pong", "sockd.ping", "");
    client_free(one);
    client_free(two);
    client_free(three);
    client_free(other);
    client_free(root);
    fixture_stop(&fixture);
}

/* Leaves room for `more` descriptors. */
static void scarce(int more)
{
    struct rlimit limit;
    int next = dup(0);
    cr_assert_geq(next, 0);
    close(next);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)next + (rlim_t)more;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

Test(listener, without_descriptors_administrators_get_in_and_others_hear_why)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    struct client *first = client_new(&fixture);
    client_text(first, "pong", "sockd.ping", "");
    struct client *other = client_new_as(&fixture, 1001);
    struct client *root = client_new(&fixture);
    scarce(0);
    cr_assert(is_turned_away(other, "EMFILE"));
    client_text(root, "pong", "sockd.ping", "");
    client_free(first);
    client_free(other);
    client_free(root);
    fixture_stop(&fixture);
}

Test(listener, without_any_reserve_it_rests_and_recovers)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    struct client *one = client_new(&fixture);
    client_text(one, "pong", "sockd.ping", "");
    struct client *two = client_new(&fixture);
    struct client *three = client_new(&fixture);
    scarce(0);
    client_text(two, "pong", "sockd.ping", "");
    for (int i = 0; i < 20; i++)
        fixture_spin(&fixture);
    cr_assert_eq(fixture_stats(&fixture).clients, 2);
    client_free(one);
    client_text(three, "pong", "sockd.ping", "");
    client_free(two);
    client_free(three);
    fixture_stop(&fixture);
}

Test(listener, only_listening_sockets_are_taken)
{
    int ends[2];
    fixture_start(&fixture, NULL, NULL, NULL);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    cr_assert_eq(rpc_listen(fixture.rpc, ends[0]), -EINVAL);
    cr_assert_eq(rpc_listen(fixture.rpc, -1), -EBADF);
    close(ends[0]);
    close(ends[1]);
    fixture_stop(&fixture);
}
