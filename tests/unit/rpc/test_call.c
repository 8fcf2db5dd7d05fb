/* Calls in flight: each has exactly one end, whoever brings it about. */
#include "fixture.h"

#include "rpc/call.h"
#include "rpc/peer.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;

static void start(const struct rpc_config *config)
{
    fixture_start(&fixture, config, NULL, NULL);
    client = client_new(&fixture);
}

static void stop(void)
{
    client_free(client);
    fixture_stop(&fixture);
}

Test(call, calls_are_used_again)
{
    start(NULL);
    for (int i = 0; i < 1000; i++)
        client_text(client, "pong", "sockd.ping", "");
    cr_assert_eq(fixture.rpc->spare_count, 1);
    stop();
}

Test(call, a_thousand_that_wait_fail_or_are_cancelled_have_one_answer_each)
{
    enum { COUNT = 1000 };
    int outside;
    static int answers[3 * COUNT];
    struct message answer;
    start(NULL);
    int64_t handle = outside_pair(client, &outside);
    uint32_t first = client->last + 1, asked = 0;
    for (int i = 0; i < COUNT; i++) {
        asked++;
        switch (i % 4) {
        case 0:
            client_request(client, "read", "ii", handle, (int64_t)1);
            break;
        case 1:
            client_request(client, "read", "isd", handle, "\n", 0.0);
            break;
        case 2:
            client_request(client, "sockd.cancel", "u", client->last - (uint32_t)(i % 8));
            break;
        default:
            client_request(client, "sockd.ping", "");
        }
    }
    static char bytes[COUNT];
    for (uint32_t got = 0; got < asked; got++) {
        if (fixture_stats(&fixture).requests > 0)
            (void)!send(outside, bytes, 1, MSG_DONTWAIT);
        cr_assert(client_next(client, &answer));
        cr_assert_geq(answer.msgid, first);
        cr_assert_eq(answers[answer.msgid - first]++, 0, "%u was answered twice", answer.msgid);
    }
    close(outside);
    stop();
}

Test(call, an_answer_beyond_the_quota_leaves_its_bytes_where_they_were)
{
    enum { SIZE = 4 << 20 };
    static char data[SIZE];
    struct rpc_config config = {.quota.most = {[QUOTA_BYTES] = 1 << 20}};
    int outside;
    start(&config);
    struct client *poor = client_new_as(&fixture, 1001);
    int64_t handle = outside_pair(poor, &outside);
    uint32_t read = client_request(poor, "read", "ii", handle, (int64_t)SIZE);
    for (size_t sent = 0; sent < SIZE;) {
        ssize_t count = send(outside, data, SIZE - sent, MSG_DONTWAIT);
        sent += count > 0 ? (size_t)count : 0;
        fixture_spin(&fixture);
    }
    struct message answer = client_answer(poor, read);
    cr_assert_str_eq(error_name(&answer), "EDQUOT");
    cr_assert(is_refused(&answer));
    answer = client_answer(client, client_request(client, "sockd.info", "i", handle));
    cr_assert_eq(error_number(&answer, "read_ahead"), SIZE);
    expect_bytes(poor, client_request(poor, "read", "ii", handle, (int64_t)1000), data, 1000);
    cr_assert(client_true(poor, "close", "i", handle));
    client_free(poor);
    close(outside);
    stop();
}

Test(call, a_parked_call_is_found_by_its_msgid)
{
    int outside;
    start(NULL);
    int64_t handle = outside_pair(client, &outside);
    uint32_t read = client_request(client, "readable", "i", handle);
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    struct peer *peer = CONTAINER_OF(list_first(&fixture.rpc->peers), struct peer, link);
    struct rpc_call *call = call_find(peer, read);
    cr_assert_not_null(call);
    cr_assert_eq(call->msgid, read);
    cr_assert_null(call_find(peer, read + 1));
    call_cancel(call, -ECANCELED);
    struct message answer = client_answer(client, read);
    cr_assert_str_eq(error_name(&answer), "ECANCELED");
    cr_assert_null(call_find(peer, read));
    close(outside);
    stop();
}

Test(call, deadlines_end_what_waits)
{
    int outside;
    start(NULL);
    int64_t handle = outside_pair(client, &outside);
    client_fails(client, "ETIMEDOUT", "read", "isd", handle, "\n", 0.01);
    client_fails(client, "ETIMEDOUT", "read", "is{sd}", handle, "\n", "timeout", 0.01);
    client_fails(client, "ETIMEDOUT", "recv", "ii{sd}", handle, (int64_t)5, "timeout", -1.0);
    close(outside);
    stop();
}
