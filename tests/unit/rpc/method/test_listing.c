/* Long lists: made in slices, which delay nobody, of the sockets that there were. */
#include "fixture.h"

#include "rpc/call.h"
#include "rpc/method/filters.h"
#include "rpc/method/listing.h"
#include "rpc/peer.h"

#include <sys/resource.h>
#include <unistd.h>

/* More than a slice has time for. */
enum { SOCKETS = 900 };

static struct fixture fixture;
static struct client *client;
static struct sock *socks[SOCKETS];

/* All are of one descriptor's kind, and the test's own, so that they cost the client no quota. */
static void start(void)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
    client_text(client, "pong", "sockd.ping", "");
    for (int i = 0; i < SOCKETS; i++) {
        int error = sock_new(fixture.net, AF_UNIX, SOCK_DGRAM, 0, getuid(), &socks[i]);
        if (error == -EMFILE)
            cr_skip_test("too few descriptors");
        cr_assert_eq(error, 0);
    }
}

static void stop(void)
{
    for (int i = 0; i < SOCKETS; i++)
        sock_unref(socks[i]);
    client_free(client);
    fixture_stop(&fixture);
}

/* Sends a request and stops in the middle of its making. */
static uint32_t begin(void)
{
    uint32_t msgid = client_request(client, "sockd.list", "");
    UNTIL(&fixture, fixture_stats(&fixture).served == 2);
    return msgid;
}

static int64_t first_id(struct view *list)
{
    struct view map = *list, value;
    int64_t id = -1;
    cr_assert(view_find(map, "id", &value) && view_int(&value, &id));
    return id;
}

Test(listing, a_long_list_is_whole_and_in_order)
{
    uint32_t count;
    start();
    struct message answer = client_answer(client, begin());
    cr_assert(view_array(&answer.result, &count));
    cr_assert_eq(count, SOCKETS);
    for (int i = 0; i < SOCKETS; i++) {
        cr_assert_eq((uint64_t)first_id(&answer.result), sock_id(socks[i]));
        cr_assert(view_skip(&answer.result));
    }
    stop();
}

Test(listing, what_is_asked_meanwhile_is_answered_before)
{
    struct message answer;
    start();
    struct writer writer;
    writer_init_heap(&writer, SIZE_MAX);
    client_put(&writer, 7001, "sockd.list", "");
    client_put(&writer, 7002, "sockd.ping", "");
    client_send(client, writer.data, writer.size);
    writer_free_heap(&writer);
    cr_assert(client_next(client, &answer));
    cr_assert_eq(answer.msgid, 7002);
    cr_assert(client_next(client, &answer));
    cr_assert_eq(answer.msgid, 7001);
    stop();
}

/* The call itself, so that the loop does not finish it meanwhile. */
static struct rpc_call *half_made(void)
{
    struct peer *peer = CONTAINER_OF(list_first(&fixture.rpc->peers), struct peer, link);
    struct rpc_call *call = call_new(peer, methods_find("sockd.list", 10));
    cr_assert_not_null(call);
    call->msgid = 9000;
    call->wants_answer = true;
    return call;
}

static void make(struct rpc_call *call)
{
    struct filters filters = {.owner = -1, .after = -1, .most = -1};
    call_proceed(call, listing_start(call, &filters));
    cr_assert(call->parked);
    cr_assert_gt(fixture_stats(&fixture).bytes, 0);
}

Test(listing, sockets_that_are_closed_meanwhile_are_left_out)
{
    uint32_t count;
    start();
    make(half_made());
    for (int i = SOCKETS - 10; i < SOCKETS; i++)
        sock_close(socks[i]);
    struct message answer = client_answer(client, 9000);
    cr_assert(view_array(&answer.result, &count));
    cr_assert_eq(count, SOCKETS - 10);
    UNTIL(&fixture, fixture_stats(&fixture).bytes == 0);
    stop();
}

Test(listing, it_can_be_cancelled)
{
    start();
    struct rpc_call *call = half_made();
    make(call);
    call_cancel(call, -ECANCELED);
    struct peer *peer = CONTAINER_OF(list_first(&fixture.rpc->peers), struct peer, link);
    peer_wake(peer);
    struct message answer = client_answer(client, 9000);
    cr_assert_str_eq(error_name(&answer), "ECANCELED");
    cr_assert(fair_empty(&fixture.rpc->listings.queue));
    stop();
}

Test(listing, it_ends_with_its_client)
{
    start();
    struct client *other = client_new(&fixture);
    client_text(other, "pong", "sockd.ping", "");
    make(half_made());
    client_free(client);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 1);
    cr_assert(fair_empty(&fixture.rpc->listings.queue));
    cr_assert_eq(fixture_stats(&fixture).bytes, 0);
    client = other;
    stop();
}

Test(listing, no_more_than_were_asked_for_are_looked_at)
{
    uint32_t count;
    start();
    struct message answer =
        client_answer(client, client_request(client, "sockd.list", "{si}", "most", (int64_t)3));
    cr_assert(view_array(&answer.result, &count));
    cr_assert_eq(count, 3);
    stop();
}
