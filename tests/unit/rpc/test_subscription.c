/* What watches, streams and traces share: they end with their connection and with their socket. */
#include "fixture.h"

#include "rpc/peer.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;
static int64_t handle;
static int outside;

static void start(void)
{
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
    handle = outside_pair(client, &outside);
    cr_assert(client_true(client, "sockd.watch", "is", handle, "close"));
    cr_assert(client_true(client, "sockd.stream", "ii", handle, (int64_t)10));
    cr_assert(client_true(client, "sockd.trace", "it", handle));
}

static void stop(void)
{
    client_free(client);
    close(outside);
    fixture_stop(&fixture);
}

static struct subscriptions *of_the_client(void)
{
    return &CONTAINER_OF(list_first(&fixture.rpc->peers), struct peer, link)->subscriptions;
}

Test(subscription, one_of_each_kind_on_a_socket)
{
    start();
    cr_assert_eq(of_the_client()->by_id.count, 3);
    int64_t streams = -1;
    struct message info = client_answer(client, client_request(client, "sockd.info", "i", handle));
    struct view waiting;
    cr_assert(view_find(info.result, "waiting", &waiting) && view_int(&waiting, &streams));
    cr_assert_eq(streams, 1, "a stream is a reader; who looks on is not");
    stop();
}

Test(subscription, they_end_with_the_socket)
{
    start();
    struct subscriptions *all = of_the_client();
    struct client *other = client_new(&fixture);
    cr_assert(client_true(other, "close", "i", handle));
    UNTIL(&fixture, !subscriptions_any(all));
    client_free(other);
    stop();
}

Test(subscription, they_end_with_the_connection)
{
    start();
    client_free(client);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 0);
    cr_assert_eq(fixture_stats(&fixture).bytes, 0);
    client = client_new(&fixture);
    cr_assert_eq(send(outside, "abc", 3, 0), 3);
    expect_bytes(client, client_request(client, "sysread", "i", handle), "abc", 3);
    stop();
}

Test(subscription, they_end_when_the_client_sends_nonsense)
{
    start();
    client_send(client, "\xc1", 1);
    struct message message;
    cr_assert(client_next(client, &message));
    cr_assert_eq(message.kind, MESSAGE_RESPONSE);
    cr_assert_not(client_next(client, &message));
    UNTIL(&fixture, fixture_stats(&fixture).bytes == 0);
    stop();
}

Test(subscription, a_client_that_hung_up_gets_none)
{
    start();
    struct client *gone = client_new(&fixture);
    for (int i = 0; i < 10; i++) {
        client_notify(gone, "sockd.stream", "ii", handle, (int64_t)10);
        client_notify(gone, "sockd.watch", "is", handle, "readable");
        client_notify(gone, "sockd.trace", "it", handle);
    }
    client_free(gone);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 1);
    stop();
}

Test(subscription, somebody_elses_socket)
{
    start();
    struct client *other = client_new_as(&fixture, 65534);
    client_fails(other, "EPERM", "sockd.watch", "is", handle, "close");
    client_fails(other, "EPERM", "sockd.stream", "ii", handle, (int64_t)1);
    client_fails(other, "EPERM", "sockd.credit", "ii", handle, (int64_t)1);
    client_fails(other, "EPERM", "sockd.trace", "it", handle);
    client_free(other);
    stop();
}
