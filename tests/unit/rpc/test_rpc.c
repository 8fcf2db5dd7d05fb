/* The server as a whole: its numbers and its end. */
#include "fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static bool drained;

static void on_drained(void *context)
{
    cr_assert_eq(context, &fixture);
    cr_assert_not(drained, "it is called twice");
    drained = true;
}

Test(rpc, what_happens_is_counted)
{
    int outside;
    fixture_start(&fixture, NULL, NULL, NULL);
    struct client *client = client_new(&fixture);
    int64_t handle = outside_pair(client, &outside);
    client_request(client, "read", "is", handle, "\n");
    client_fails(client, "ENOSYS", "no.such", "");
    struct rpc_stats stats = fixture_stats(&fixture);
    cr_assert_eq(stats.clients, 1);
    cr_assert_eq(stats.connected, 1);
    cr_assert_eq(stats.requests, 1);
    cr_assert_eq(stats.sockets, 1);
    cr_assert_eq(stats.served, 3);
    cr_assert_eq(stats.failed, 1);
    cr_assert_gt(stats.bytes_in, 20);
    cr_assert_gt(stats.bytes_out, 20);
    close(outside);
    client_free(client);
    fixture_stop(&fixture);
}

Test(rpc, sockets_live_on_when_their_client_goes)
{
    int outside;
    fixture_start(&fixture, NULL, NULL, NULL);
    struct client *client = client_new(&fixture);
    int64_t handle = outside_pair(client, &outside);
    client_free(client);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 0);
    client = client_new(&fixture);
    cr_assert_eq(client_int(client, "write", "is", handle, "x"), 1);
    cr_assert(client_true(client, "close", "i", handle));
    client_free(client);
    close(outside);
    fixture_stop(&fixture);
}

Test(rpc, a_drain_lets_calls_finish_and_lets_nobody_in)
{
    int outside;
    struct message answer;
    fixture_start(&fixture, NULL, NULL, NULL);
    struct client *idle = client_new(&fixture);
    struct client *busy = client_new(&fixture);
    client_text(idle, "pong", "sockd.ping", "");
    int64_t handle = outside_pair(busy, &outside);
    uint32_t read = client_request(busy, "read", "ii", handle, (int64_t)2);
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    rpc_drain(fixture.rpc, loop_deadline(30), on_drained, &fixture);
    cr_assert_not(client_next(idle, &answer));
    client_request(busy, "sockd.ping", "");
    fixture_spin(&fixture);
    cr_assert_not(drained);
    cr_assert_eq(write(outside, "ok", 2), 2);
    expect_bytes(busy, read, "ok", 2);
    cr_assert_not(client_next(busy, &answer), "a request after the drain is answered");
    UNTIL(&fixture, drained);
    client_free(idle);
    client_free(busy);
    close(outside);
    fixture_stop(&fixture);
}

Test(rpc, at_the_deadline_of_a_drain_what_waits_is_cut_off)
{
    int outside;
    struct message answer;
    fixture_start(&fixture, NULL, NULL, NULL);
    struct client *client = client_new(&fixture);
    int64_t handle = outside_pair(client, &outside);
    client_request(client, "read", "is", handle, "\n");
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    rpc_drain(fixture.rpc, loop_deadline(30), on_drained, &fixture);
    fixture_spin(&fixture);
    cr_assert_not(drained);
    rpc_drain(fixture.rpc, loop_deadline(0.01), on_drained, &fixture);
    UNTIL(&fixture, drained);
    cr_assert_not(client_next(client, &answer));
    client_free(client);
    close(outside);
    fixture_stop(&fixture);
}

Test(rpc, an_idle_server_is_drained_at_once_and_from_the_loop)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    rpc_drain(fixture.rpc, LOOP_NEVER, on_drained, &fixture);
    cr_assert_not(drained);
    UNTIL(&fixture, drained);
    fixture_stop(&fixture);
}

Test(rpc, it_may_be_freed_in_the_middle_of_everything)
{
    int outside;
    static char data[8 << 20];
    fixture_start(&fixture, NULL, NULL, NULL);
    struct client *client = client_new(&fixture);
    int64_t handle = outside_pair(client, &outside);
    client_request(client, "read", "is", handle, "\n");
    client_request(client, "write", "ib", handle, data, sizeof data);
    client_notify(client, "write", "is", handle, "x");
    client_request(client, "tcp_connect", "ss", "localhost", "1");
    client_request(client, "accept", "i", handle);
    UNTIL(&fixture, fixture_stats(&fixture).requests >= 3);
    struct rpc *old = fixture.rpc;
    rpc_free(old);
    rpc_free(NULL);
    cr_assert_eq(rpc_new(&fixture.rpc, fixture.net, &(struct rpc_config){0}, NULL, NULL), 0);
    client_free(client);
    close(outside);
    fixture_stop(&fixture);
}
