/* From messages to methods, and what becomes of bytes that are none. */
#include "fixture.h"

#include "protocol/methods.h"

#include <string.h>
#include <sys/socket.h>
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

Test(dispatch, an_unknown_method_is_an_error_and_nothing_else)
{
    start();
    client_fails(client, "ENOSYS", "no.such", "");
    client_fails(client, "ENOSYS", "", "");
    client_fails(client, "ENOSYS", "\x01\x02", "");
    client_notify(client, "no.such", "");
    client_text(client, "pong", "sockd.ping", "");
    cr_assert_eq(fixture_stats(&fixture).bad_input, 0);
    cr_assert_eq(fixture_stats(&fixture).failed, 4);
    stop();
}

Test(dispatch, wrong_arguments_name_the_culprit)
{
    struct view value;
    const char *text;
    size_t size;
    start();
    struct message answer = client_answer(client, client_request(client, "read", "ss", "name", ""));
    cr_assert_str_eq(error_name(&answer), "EINVAL");
    cr_assert(view_find(answer.result, "message", &value) && view_str(&value, &text, &size));
    cr_assert_not_null(memmem(text, size, "what", 4), "%.*s", (int)size, text);
    stop();
}

Test(dispatch, every_method_has_its_function)
{
    start();
    for (int id = 0; id < METHOD_COUNT; id++) {
        struct message answer;
        client_request(client, methods[id].name, "dddddddd", 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,
                       0.5);
        cr_assert(client_next(client, &answer));
        cr_assert_str_neq(error_name(&answer), "ENOSYS", "%s", methods[id].name);
    }
    stop();
}

/* ---- bad input ---- */

static void expect_rejected(const void *bytes, size_t size, bool has_msgid)
{
    struct message answer;
    struct client *bad = client_new(&fixture);
    client_send(bad, bytes, size);
    cr_assert(client_next(bad, &answer), "no error is answered");
    cr_assert_eq(answer.kind, MESSAGE_RESPONSE);
    cr_assert_eq(answer.has_msgid, has_msgid);
    cr_assert_str_eq(error_name(&answer), "EBADMSG");
    cr_assert_not(client_next(bad, &answer), "the connection goes on");
    client_free(bad);
}

#define EXPECT_REJECTED(bytes, has_msgid) expect_rejected(bytes, sizeof(bytes) - 1, has_msgid)

Test(dispatch, bad_input_is_answered_once_and_ends_the_connection)
{
    start();
    EXPECT_REJECTED("\xc1", false);
    EXPECT_REJECTED("\xc0", false);
    EXPECT_REJECTED("\x94\x05\x01\xa1x\x90", false);
    EXPECT_REJECTED("\x94\x00\x01\x01\x90", true);
    EXPECT_REJECTED("\x94\x00\x01\xa1x\x01", true);
    EXPECT_REJECTED("\x93\x00\x01\xa1x", true);
    EXPECT_REJECTED("\x94\x01\x01\xc0\xc0", false);
    EXPECT_REJECTED("\x94\x00\x01\xa1x\xdd\xff\xff\xff\xff", true);
    EXPECT_REJECTED("\x94\x00\x01\xa1x\xc6\xff\xff\xff\xff", true);
    EXPECT_REJECTED("\x94\x00\x07\xa1x\xc7\x01\x01x", true);
    cr_assert_eq(fixture_stats(&fixture).bad_input, 10);
    client_text(client, "pong", "sockd.ping", "");
    stop();
}

Test(dispatch, a_msgid_in_flight_must_not_be_used_again)
{
    int outside;
    struct message answer;
    start();
    struct client *bad = client_new(&fixture);
    int64_t handle = outside_pair(bad, &outside);
    uint32_t read = client_request(bad, "read", "is", handle, "\n");
    bad->last--;
    client_request(bad, "sockd.ping", "");
    cr_assert(client_next(bad, &answer));
    cr_assert_eq(answer.msgid, read);
    cr_assert_str_eq(error_name(&answer), "EBADMSG");
    cr_assert_not(client_next(bad, &answer));
    client_free(bad);
    cr_assert(client_true(client, "close", "i", handle));
    close(outside);
    stop();
}

Test(dispatch, a_client_that_is_rejected_while_it_sends_gets_to_read_why)
{
    static char much[4 << 20];
    struct message answer;
    start();
    struct client *bad = client_new(&fixture);
    memset(much, 0x01, sizeof much);
    client_send(bad, "\xc1", 1);
    client_send(bad, much, sizeof much);
    shutdown(bad->fd, SHUT_WR);
    cr_assert(client_next(bad, &answer));
    cr_assert_not(client_next(bad, &answer));
    client_free(bad);
    stop();
}

/* A conversation that waits for nothing. */
static struct writer conversation(void)
{
    struct writer writer;
    writer_init_heap(&writer, SIZE_MAX);
    client_put(&writer, 1, "sockd.hello", "{ss}", "name", "hostile");
    client_put(&writer, 2, "socket", "ss{ss}", "AF_INET", "SOCK_STREAM", "name", "s");
    client_put(&writer, 3, "bind", "ss", "s", "127.0.0.1");
    client_put(&writer, -1, "listen", "s", "s");
    client_put(&writer, 4, "accept", "s{sd}", "s", "timeout", 0.0);
    client_put(&writer, 5, "read", "s{s[ss]si}d", "s", "delimiter", "\r\n", "\n", "limit",
               (int64_t)9, 0.0);
    client_put(&writer, 6, "write", "sb", "s", "\0\1\2", (size_t)3);
    client_put(&writer, 7, "sockd.cancel", "u", 5u);
    client_put(&writer, 8, "sockd.list", "{}");
    client_put(&writer, 9, "close", "s", "s");
    return writer;
}

/* Sends the bytes, ends, and takes what comes: each message has its shape. */
static unsigned say(const void *bytes, size_t size)
{
    struct message message;
    unsigned count = 0;
    struct client *bad = client_new(&fixture);
    client_send(bad, bytes, size);
    shutdown(bad->fd, SHUT_WR);
    while (client_next(bad, &message)) {
        cr_assert_eq(message.kind, MESSAGE_RESPONSE);
        error_name(&message);
        count++;
    }
    client_free(bad);
    net_close_all(fixture.net);
    return count;
}

Test(dispatch, a_conversation_cut_at_every_byte, .timeout = 60)
{
    start();
    struct writer whole = conversation();
    cr_assert_eq(say(whole.data, whole.size), 9);
    for (size_t size = 0; size < whole.size; size++)
        cr_assert_leq(say(whole.data, size), 9);
    writer_free_heap(&whole);
    client_text(client, "pong", "sockd.ping", "");
    stop();
}

Test(dispatch, a_conversation_with_every_bit_flipped, .timeout = 60)
{
    start();
    struct writer whole = conversation();
    for (size_t bit = 0; bit < 8 * whole.size; bit++) {
        whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        say(whole.data, whole.size);
        whole.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    writer_free_heap(&whole);
    client_text(client, "pong", "sockd.ping", "");
    stop();
}

Test(dispatch, a_conversation_in_single_bytes)
{
    start();
    struct writer whole = conversation();
    struct message message;
    for (size_t i = 0; i < whole.size; i++) {
        client_send(client, whole.data + i, 1);
        fixture_spin(&fixture);
    }
    for (int i = 0; i < 9; i++)
        cr_assert(client_next(client, &message));
    writer_free_heap(&whole);
    stop();
}
