/* Connections: pipelining, quotas, half-closing, hanging up, and nothing lost by any of it. */
#include "fixture.h"

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

static size_t clients(void)
{
    return fixture_stats(&fixture).clients;
}

Test(peer, a_thousand_requests_at_once_are_each_answered)
{
    struct writer writer;
    struct message answer;
    static bool answered[1001];
    start(NULL);
    writer_init_heap(&writer, SIZE_MAX);
    for (int64_t i = 1; i <= 1000; i++)
        client_put(&writer, i, i % 3 ? "sockd.ping" : "no.such", "");
    client_send(client, writer.data, writer.size);
    writer_free_heap(&writer);
    for (int i = 0; i < 1000; i++) {
        cr_assert(client_next(client, &answer));
        cr_assert_not(answered[answer.msgid]);
        answered[answer.msgid] = true;
    }
    stop();
}

Test(peer, an_idle_client_holds_no_memory)
{
    struct net_stats stats;
    start(NULL);
    client_text(client, "pong", "sockd.ping", "");
    net_stats(fixture.net, &stats);
    cr_assert_eq(stats.bytes, 0);
    cr_assert_eq(fixture_stats(&fixture).bytes, 0);
    stop();
}

Test(peer, a_request_that_waits_delays_no_other)
{
    int outside;
    start(NULL);
    int64_t handle = outside_pair(client, &outside);
    uint32_t read = client_request(client, "read", "ii", handle, (int64_t)3);
    for (int i = 0; i < 10; i++)
        client_text(client, "pong", "sockd.ping", "");
    cr_assert_eq(write(outside, "abc", 3), 3);
    expect_bytes(client, read, "abc", 3);
    close(outside);
    stop();
}

Test(peer, a_client_that_sends_no_more_still_gets_its_answers)
{
    int outside;
    struct message answer;
    start(NULL);
    int64_t handle = outside_pair(client, &outside);
    uint32_t read = client_request(client, "read", "ii", handle, (int64_t)3);
    uint32_t ping = client_request(client, "sockd.ping", "");
    shutdown(client->fd, SHUT_WR);
    client_answer(client, ping);
    for (int i = 0; i < 10; i++)
        fixture_spin(&fixture);
    cr_assert_eq(write(outside, "abc", 3), 3);
    expect_bytes(client, read, "abc", 3);
    cr_assert_not(client_next(client, &answer), "and then the end");
    close(outside);
    stop();
}

Test(peer, a_client_that_hangs_up_after_its_half_close_is_forgotten)
{
    int outside;
    start(NULL);
    int64_t handle = outside_pair(client, &outside);
    client_request(client, "read", "ii", handle, (int64_t)3);
    shutdown(client->fd, SHUT_WR);
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    fixture_spin(&fixture);
    close(client->fd);
    client->fd = -1;
    UNTIL(&fixture, clients() == 0);
    cr_assert_eq(fixture_stats(&fixture).requests, 0);
    close(outside);
    stop();
}

/* ---- hanging up ---- */

Test(peer, the_bytes_of_a_client_killed_while_it_reads_go_to_the_next)
{
    int outside;
    start(NULL);
    int64_t handle = outside_pair(client, &outside);
    struct client *gone = client_new(&fixture);
    client_request(gone, "read", "is", handle, "\n");
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    cr_assert_eq(write(outside, "li", 2), 2);
    fixture_spin(&fixture);
    client_free(gone);
    UNTIL(&fixture, clients() == 1);
    cr_assert_eq(write(outside, "ne\n", 3), 3);
    expect_bytes(client, client_request(client, "read", "is", handle, "\n"), "line\n", 5);
    close(outside);
    stop();
}

Test(peer, answers_that_were_not_delivered_go_back_in_order)
{
    enum { SIZE = 1 << 20, COUNT = 3 };
    static char data[COUNT * SIZE], got[SIZE];
    int outside;
    start(NULL);
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i % 251);
    int64_t handle = outside_pair(client, &outside);
    struct client *gone = client_new(&fixture);
    for (int i = 0; i < COUNT; i++)
        client_request(gone, "read", "ii", handle, (int64_t)SIZE);
    size_t sent = 0;
    while (sent < sizeof data) {
        ssize_t count = send(outside, data + sent, sizeof data - sent, MSG_DONTWAIT);
        sent += count > 0 ? (size_t)count : 0;
        fixture_spin(&fixture);
    }
    UNTIL(&fixture, fixture_stats(&fixture).requests == 0);
    cr_assert_gt(fixture_stats(&fixture).bytes, 2 * SIZE, "the answers are on their way");
    ssize_t heard = recv(gone->fd, got, 1000, 0);
    cr_assert_eq(heard, 1000, "and begun");
    client_free(gone);
    UNTIL(&fixture, clients() == 1);
    for (int i = 0; i < COUNT; i++)
        expect_bytes(client, client_request(client, "read", "ii", handle, (int64_t)SIZE),
                     data + i * SIZE, SIZE);
    close(outside);
    stop();
}

Test(peer, writes_and_notifications_that_arrived_whole_are_carried_out)
{
    char got[16];
    int outside;
    start(NULL);
    int64_t handle = outside_pair(client, &outside);
    struct client *gone = client_new(&fixture);
    client_request(gone, "write", "is", handle, "one,");
    client_request(gone, "read", "is", handle, "\n");
    client_notify(gone, "write", "is", handle, "two,");
    client_request(gone, "send", "is", handle, "three");
    client_send(gone, "\x94\x00", 2);
    client_free(gone);
    UNTIL(&fixture, fixture_stats(&fixture).connected == 2 && clients() == 1);
    cr_assert_eq(recv(outside, got, 13, MSG_WAITALL), 13);
    cr_assert_eq(memcmp(got, "one,two,three", 13), 0);
    cr_assert_eq(fixture_stats(&fixture).requests, 0);
    close(outside);
    stop();
}

Test(peer, a_write_that_waits_goes_on_without_its_client)
{
    enum { SIZE = 8 << 20 };
    static char data[SIZE], got[1 << 16];
    int outside;
    start(NULL);
    int64_t handle = outside_pair(client, &outside);
    struct client *gone = client_new(&fixture);
    client_request(gone, "write", "ib", handle, data, (size_t)SIZE);
    client_request(gone, "write", "is", handle, "end");
    client_free(gone);
    UNTIL(&fixture, clients() == 1);
    cr_assert_eq(fixture_stats(&fixture).requests, 2);
    size_t total = 0;
    while (total < SIZE + 3) {
        ssize_t count = recv(outside, got, sizeof got, MSG_DONTWAIT);
        total += count > 0 ? (size_t)count : 0;
        fixture_spin(&fixture);
    }
    UNTIL(&fixture, fixture_stats(&fixture).requests == 0);
    close(outside);
    stop();
}

/* ---- quotas ---- */

Test(peer, at_the_quota_of_requests_it_is_read_no_more_and_fails_nothing)
{
    struct rpc_config config = {.max_requests = 4};
    int outside;
    uint32_t reads[10];
    start(&config);
    int64_t handle = outside_pair(client, &outside);
    for (int i = 0; i < 10; i++)
        reads[i] = client_request(client, "read", "ii", handle, (int64_t)1);
    for (int i = 0; i < 20; i++)
        fixture_spin(&fixture);
    cr_assert_eq(fixture_stats(&fixture).requests, 4);
    cr_assert_eq(write(outside, "0123456789", 10), 10);
    for (int i = 0; i < 10; i++)
        expect_bytes(client, reads[i], &"0123456789"[i], 1);
    close(outside);
    stop();
}

Test(peer, the_requests_of_one_user_are_counted_together)
{
    struct rpc_config config = {.quota.most = {[QUOTA_REQUESTS] = 3}};
    int outside;
    fixture_start(&fixture, &config, NULL, NULL);
    client = client_new_as(&fixture, 1001);
    struct client *second = client_new_as(&fixture, 1001);
    struct client *other = client_new_as(&fixture, 1002);
    int64_t handle = outside_pair(client, &outside);
    uint32_t reads[3];
    for (int i = 0; i < 3; i++)
        reads[i] = client_request(client, "read", "ii", handle, (int64_t)1);
    UNTIL(&fixture, fixture_stats(&fixture).requests == 3);
    uint32_t ping = client_request(second, "sockd.ping", "");
    for (int i = 0; i < 20; i++)
        fixture_spin(&fixture);
    client_text(other, "pong", "sockd.ping", "");
    cr_assert_eq(recv(second->fd, &(char){0}, 1, 0), -1, "it is not to be read");
    cr_assert_eq(write(outside, "abc", 3), 3);
    client_answer(second, ping);
    for (int i = 0; i < 3; i++)
        expect_bytes(client, reads[i], &"abc"[i], 1);
    client_free(second);
    client_free(other);
    close(outside);
    stop();
}

Test(peer, a_client_that_reads_no_answers_is_read_no_more_and_loses_none)
{
    enum { COUNT = 300 };
    struct rpc_config config = {.max_output = 64 << 10};
    struct writer writer;
    struct message answer;
    start(&config);
    writer_init_heap(&writer, SIZE_MAX);
    for (int64_t i = 1; i <= COUNT; i++)
        client_put(&writer, i, "sockd.api", "");
    client_send(client, writer.data, writer.size);
    writer_free_heap(&writer);
    for (int i = 0; i < 50; i++)
        fixture_spin(&fixture);
    cr_assert_lt(fixture_stats(&fixture).served, COUNT);
    cr_assert_lt(fixture_stats(&fixture).bytes, 256 << 10);
    for (uint32_t i = 1; i <= COUNT; i++) {
        cr_assert(client_next(client, &answer));
        cr_assert_eq(answer.msgid, i);
    }
    stop();
}

Test(peer, a_client_that_never_reads_is_cut_off)
{
    struct rpc_config config = {.max_output = 64 << 10, .stall_timeout = 0.1};
    start(&config);
    client_text(client, "pong", "sockd.ping", "");
    for (int i = 0; i < 100; i++)
        client_request(client, "sockd.api", "");
    UNTIL(&fixture, clients() == 0);
    stop();
}

Test(peer, a_client_that_reads_slowly_is_not_cut_off)
{
    enum { COUNT = 100 };
    struct rpc_config config = {.max_output = 64 << 10, .stall_timeout = 0.3};
    struct message answer;
    start(&config);
    for (int i = 0; i < COUNT; i++)
        client_request(client, "sockd.api", "");
    uint64_t next = 0;
    for (int i = 0; i < COUNT; i++) {
        cr_assert(client_next(client, &answer));
        /* At this pace it takes longer than the patience for one stall. */
        next = (next > 0 ? next : loop_now()) + LOOP_SECOND / 200;
        UNTIL(&fixture, loop_now() >= next);
    }
    stop();
}

Test(peer, a_rejected_client_that_does_not_leave_is_cut_off)
{
    struct rpc_config config = {.stall_timeout = 0.1};
    start(&config);
    client_text(client, "pong", "sockd.ping", "");
    client_send(client, "\xc1", 1);
    UNTIL(&fixture, clients() == 0);
    stop();
}

/* Its answer unread, its last bytes are followed by a reset, of which no further event tells. */
Test(peer, a_rejected_client_that_has_gone_is_not_kept)
{
    start(NULL);
    client_text(client, "pong", "sockd.ping", "");
    client_send(client, "\xc1", 1);
    uint64_t begin = loop_now();
    UNTIL(&fixture, fixture_stats(&fixture).bad_input == 1);
    fixture_spin(&fixture);
    client_send(client, "more", 4);
    close(client->fd);
    client->fd = -1;
    UNTIL(&fixture, clients() == 0);
    cr_assert_lt(loop_now() - begin, 2 * LOOP_SECOND, "it lingered for seconds");
    stop();
}

Test(peer, a_client_that_closes_for_reading_only_is_gone)
{
    start(NULL);
    client_text(client, "pong", "sockd.ping", "");
    shutdown(client->fd, SHUT_RD);
    client_request(client, "sockd.ping", "");
    UNTIL(&fixture, clients() == 0);
    cr_assert_eq(client_try(client, "x", 1), 0);
    stop();
}

Test(peer, a_waiting_write_is_held_within_the_quota_of_bytes)
{
    enum { SIZE = 4 << 20 };
    static char data[SIZE];
    struct rpc_config config = {.quota.most = {[QUOTA_BYTES] = 12 << 20}};
    int outside;
    fixture_start(&fixture, &config, NULL, NULL);
    client = client_new_as(&fixture, 1001);
    int64_t handle = outside_pair(client, &outside);
    client_request(client, "write", "ib", handle, data, (size_t)SIZE);
    UNTIL(&fixture, fixture_stats(&fixture).requests == 1);
    uint32_t second = client_request(client, "write", "ib", handle, data, (size_t)SIZE);
    struct message answer = client_answer(client, second);
    cr_assert_str_eq(error_name(&answer), "EDQUOT");
    cr_assert(is_refused(&answer));
    cr_assert_eq(error_number(&answer, "sent"), 0);
    client_text(client, "pong", "sockd.ping", "");
    client_free(client);
    client = client_new(&fixture);
    cr_assert(client_true(client, "close", "i", handle));
    close(outside);
    stop();
}

Test(peer, a_message_beyond_the_quota_of_bytes_is_rejected)
{
    enum { SIZE = 4 << 20 };
    static char data[SIZE];
    struct rpc_config config = {.quota.most = {[QUOTA_BYTES] = 1 << 20}};
    struct message answer;
    fixture_start(&fixture, &config, NULL, NULL);
    client = client_new_as(&fixture, 1001);
    client_request(client, "write", "ib", (int64_t)1, data, (size_t)SIZE);
    cr_assert(client_next(client, &answer));
    cr_assert_eq(answer.msgid, 1);
    cr_assert_str_eq(error_name(&answer), "EDQUOT");
    cr_assert(is_refused(&answer));
    cr_assert_not(client_next(client, &answer));
    stop();
}

/* A turn ends after so many messages, whatever is left. */
Test(peer, a_flood_is_served_in_turns)
{
    struct writer writer;
    start(NULL);
    client_text(client, "pong", "sockd.ping", "");
    writer_init_heap(&writer, SIZE_MAX);
    for (int i = 0; i < 2000; i++)
        client_put(&writer, -1, "sockd.ping", "");
    cr_assert_eq(client_try(client, writer.data, writer.size), writer.size);
    writer_free_heap(&writer);
    struct peer *peer = CONTAINER_OF(list_first(&fixture.rpc->peers), struct peer, link);
    uint64_t before = fixture_stats(&fixture).served;
    UNTIL(&fixture, list_linked(&peer->task.link) || fixture_stats(&fixture).served > before);
    cr_assert_leq(fixture_stats(&fixture).served, before + 2000);
    UNTIL(&fixture, fixture_stats(&fixture).served == before + 2000);
    stop();
}
