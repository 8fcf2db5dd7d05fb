/* sendto, recvfrom. */
#include "fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct fixture fixture;
static struct client *client;
static int64_t here, there, port;

static int64_t bound(int64_t *at)
{
    int64_t handle = client_int(client, "socket", "ss", "AF_INET", "SOCK_DGRAM");
    cr_assert(client_true(client, "bind", "is", handle, "127.0.0.1"));
    struct message answer = client_answer(client, client_request(client, "name", "i", handle));
    *at = error_number(&answer, "port");
    return handle;
}

static void start(void)
{
    int64_t other;
    fixture_start(&fixture, NULL, NULL, NULL);
    client = client_new(&fixture);
    here = bound(&other);
    there = bound(&port);
}

static void stop(void)
{
    cr_assert(client_true(client, "close", "i", here));
    cr_assert(client_true(client, "close", "i", there));
    client_free(client);
    fixture_stop(&fixture);
}

static void received(uint32_t msgid, const char *expected, bool from)
{
    struct message answer = client_answer(client, msgid);
    const char *data;
    size_t size;
    uint32_t count;
    enum view_type type;
    cr_assert(view_array(&answer.result, &count) && count == 2, "%s", error_name(&answer));
    cr_assert(view_bytes(&answer.result, &data, &size) && size == strlen(expected));
    cr_assert_eq(memcmp(data, expected, size), 0);
    cr_assert(view_peek(&answer.result, &type) && type == (from ? VIEW_MAP : VIEW_NIL));
}

Test(method_message, each_is_whole_and_has_a_sender)
{
    start();
    uint32_t wait = client_request(client, "recvfrom", "i", there);
    cr_assert_eq(client_int(client, "sendto", "isis", here, "127.0.0.1", port, "one"), 3);
    received(wait, "one", true);
    cr_assert_eq(client_int(client, "sendto", "isis", here, "127.0.0.1", port, ""), 0);
    received(client_request(client, "recvfrom", "ii", there, (int64_t)9), "", true);
    stop();
}

Test(method_message, what_is_wrong_is_named)
{
    start();
    client_fails(client, "EINVAL", "sendto", "isiss", here, "127.0.0.1", port, "x", "MSG_X");
    client_fails(client, "EINVAL", "sendto", "isis", here, "a.name", port, "x");
    client_fails(client, "EINVAL", "recvfrom", "iis", there, (int64_t)1, "MSG_X");
    client_fails(client, "EBADF", "recvfrom", "i", (int64_t)99999);
    stop();
}

Test(method_message, bytes_of_a_stream_are_given_back_when_the_answer_is_not_delivered)
{
    int outside;
    start();
    int64_t stream = outside_pair(client, &outside);
    struct client *gone = client_new(&fixture);
    client_request(gone, "recvfrom", "ii", stream, (int64_t)3);
    fixture_spin(&fixture);
    client_free(gone);
    fixture_spin(&fixture);
    cr_assert_eq(send(outside, "abc", 3, 0), 3);
    received(client_request(client, "recvfrom", "ii", stream, (int64_t)3), "abc", false);
    cr_assert(client_true(client, "close", "i", stream));
    close(outside);
    stop();
}

Test(method_message, a_pair_whose_answer_is_not_delivered_is_closed)
{
    start();
    struct client *gone = client_new(&fixture);
    client_request(gone, "socketpair", "ss", "AF_UNIX", "SOCK_STREAM");
    client_free(gone);
    UNTIL(&fixture, fixture_stats(&fixture).clients == 1);
    stop();
}
