/* How clients share the loop: turns of bounded length, and a queue for those who want more. */
#include "fixture.h"

#include "rpc/peer.h"
#include "rpc/turns.h"

#include <sys/socket.h>

static struct fixture fixture;

static void start(void)
{
    fixture_start(&fixture, NULL, NULL, NULL);
}

/* As many requests of one kind as the kernel takes at once; how many that were. */
static unsigned flood(struct client *client, const char *method, unsigned count)
{
    struct writer writer;
    writer_init_heap(&writer, SIZE_MAX);
    for (unsigned i = 0; i < count; i++)
        client_put(&writer, 1000 + i, method, "");
    size_t each = writer.size / count, sent = client_try(client, writer.data, writer.size);
    writer_free_heap(&writer);
    return (unsigned)(sent / each);
}

static struct peer *last_peer(void)
{
    return CONTAINER_OF(fixture.rpc->peers.prev, struct peer, link);
}

Test(turns, a_turn_ends_after_so_many_messages)
{
    struct turn turn;
    turn_begin(&turn, 0);
    for (int i = 0; i < 7; i++)
        turn_count(&turn, 0);
    cr_assert_eq(turn.begun, 0); /* a few small ones cost no look at the clock */
    turn_count(&turn, 0);
    cr_assert_neq(turn.begun, 0);
    for (int i = 8; i < 255; i++) {
        turn.begun = loop_now(); /* time is no matter here */
        turn_count(&turn, 0);
        cr_assert_not(turn.over);
    }
    turn_count(&turn, 0);
    cr_assert(turn.over);
}

Test(turns, a_turn_ends_when_it_has_taken_long)
{
    struct turn turn;
    turn_begin(&turn, 100);
    turn_count(&turn, 5000);
    cr_assert_neq(turn.begun, 0); /* a large answer is worth a look */
    cr_assert_not(turn.over);
    turn.begun -= LOOP_SECOND;
    turn_count(&turn, 5001);
    cr_assert_not(turn.over);
    turn_count(&turn, 10000);
    cr_assert(turn.over);
}

Test(turns, a_client_with_much_to_do_queues_and_one_with_little_does_not)
{
    start();
    struct client *greedy = client_new(&fixture);
    client_text(greedy, "pong", "sockd.ping", "");
    cr_assert(last_peer()->calm);
    struct client *modest = client_new(&fixture);
    cr_assert_gt(flood(greedy, "no.such", 3000), 1000);
    UNTIL(&fixture, fixture.rpc->turns.ever > 0);
    client_text(modest, "pong", "sockd.ping", "");
    UNTIL(&fixture, fair_empty(&fixture.rpc->turns.queue));
    uint64_t before = fixture.rpc->turns.ever;
    client_text(modest, "pong", "sockd.ping", "");
    cr_assert_eq(fixture.rpc->turns.ever, before);
    client_free(greedy);
    client_free(modest);
    fixture_stop(&fixture);
}

Test(turns, a_client_that_leaves_while_it_queues_is_forgotten)
{
    start();
    struct client *greedy = client_new(&fixture);
    client_text(greedy, "pong", "sockd.ping", "");
    cr_assert_gt(flood(greedy, "no.such", 3000), 1000);
    UNTIL(&fixture, fixture.rpc->turns.ever > 0);
    client_free(greedy);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 0);
    cr_assert(fair_empty(&fixture.rpc->turns.queue));
    fixture_stop(&fixture);
}

Test(turns, requests_of_a_client_that_is_gone_are_dropped_unless_they_change_something)
{
    start();
    struct client *client = client_new(&fixture);
    int64_t handle = client_int(client, "socket", "ss", "AF_UNIX", "SOCK_STREAM");
    unsigned asked = flood(client, "sockd.api", 3000);
    cr_assert_gt(asked, 1000);
    client_free(client);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 0);
    cr_assert_gt(fixture_stats(&fixture).dropped, asked / 2);
    cr_assert_not_null(net_find(fixture.net, (uint64_t)handle));
    client = client_new(&fixture);
    client_request(client, "close", "i", handle);
    client_free(client);
    UNTIL(&fixture, fixture.rpc->connected == 2 && fixture_stats(&fixture).clients == 0);
    cr_assert_null(net_find(fixture.net, (uint64_t)handle));
    fixture_stop(&fixture);
}

Test(turns, a_client_that_only_says_no_more_gets_all_its_answers)
{
    struct message answer;
    start();
    struct client *client = client_new(&fixture);
    unsigned asked = flood(client, "sockd.api", 300), answered = 0;
    shutdown(client->fd, SHUT_WR);
    while (client_next(client, &answer))
        answered++;
    cr_assert_eq(answered, asked);
    cr_assert_eq(fixture_stats(&fixture).dropped, 0);
    client_free(client);
    fixture_stop(&fixture);
}

Test(turns, a_client_that_leaves_many_sockets_behind_has_them_closed_in_several_rounds)
{
    struct message answer;
    start();
    struct client *client = client_new(&fixture);
    for (int i = 0; i < 150; i++)
        client_request(client, "socket", "ss{ss}", "AF_UNIX", "SOCK_STREAM", "lifetime", "client");
    for (int i = 0; i < 150; i++)
        cr_assert(client_next(client, &answer));
    struct peer *peer = last_peer();
    peer_free(peer); /* as if it had gone: from here on the test sees each round */
    cr_assert_eq(fixture_stats(&fixture).sockets, 150 - 64);
    UNTIL(&fixture, fixture_stats(&fixture).sockets == 0);
    client_free(client);
    fixture_stop(&fixture);
}

Test(turns, what_is_left_of_them_ends_with_the_server)
{
    struct message answer;
    start();
    struct client *client = client_new(&fixture);
    for (int i = 0; i < 150; i++)
        client_request(client, "socket", "ss{ss}", "AF_UNIX", "SOCK_STREAM", "lifetime", "client");
    for (int i = 0; i < 150; i++)
        cr_assert(client_next(client, &answer));
    peer_free(last_peer());
    client_free(client);
    fixture_stop(&fixture);
}
