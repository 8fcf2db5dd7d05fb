/* Answers taken apart: right ones, and a mismatch for every wrong one. */
#include "client/core.h"

#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct sockd_client *client;
static struct peer peer;
static struct peer_reply reply;

static void start(void)
{
    peer_start(&peer, 1, peer_reply, &reply);
    cr_assert_eq(sockd_open(NULL, &client), 0);
}

static void stop(void)
{
    sockd_disconnect(client);
    peer_stop(&peer);
}

TestSuite(answer, .init = start, .fini = stop);

#define ANSWER(bytes) (reply.result = (bytes), reply.size = sizeof(bytes) - 1)

Test(answer, scalars)
{
    bool boolean = false;
    int64_t integer = 0;
    size_t count = 0;
    uint64_t id = 0;

    ANSWER("\xc3");
    cr_assert_eq(sockd_close(client, 1), 0);
    cr_assert(sockd_readable(client, 1, 0, &boolean) == 0 && boolean);
    cr_assert_eq(sockd_readable(client, 1, 0, NULL), 0);
    ANSWER("\x6f");
    cr_assert(sockd_errno(client, 1, &integer) == 0 && integer == 111);
    cr_assert_eq(sockd_errno(client, 1, NULL), 0);
    cr_assert(sockd_write(client, 1, "", 0, 1, &count) == 0 && count == 111);
    cr_assert(sockd_socket(client, 2, 1, 0, &id) == 0 && id == 111);
    cr_assert_eq(sockd_socket(client, 2, 1, 0, NULL), 0);
}

Test(answer, texts_and_events)
{
    const char *text = "";
    int events = -1;

    ANSWER("\xa4pong");
    cr_assert_eq(sockd_ping(client, &text), 0);
    cr_assert_str_eq(text, "pong");
    cr_assert_eq(sockd_ping(client, NULL), 0);
    ANSWER("\xa0");
    cr_assert_eq(sockd_error(client, 1, &text), 0);
    cr_assert_str_eq(text, "");
    cr_assert(sockd_wait(client, 1, 0, &events) == 0 && events == 0);
    ANSWER("\xc0");
    cr_assert_eq(sockd_error(client, 1, &text), 0);
    cr_assert_null(text);
    ANSWER("\xa2RW");
    cr_assert(sockd_wait(client, 1, 0, &events) == 0);
    cr_assert_eq(events, SOCKD_READABLE | SOCKD_WRITABLE);
    ANSWER("\xa1W");
    cr_assert(sockd_wait(client, 1, 0, &events) == 0 && events == SOCKD_WRITABLE);
}

Test(answer, bytes)
{
    struct sockd_bytes bytes = {0};
    bool eof = false;

    ANSWER("\xc4\x03"
           "a\0b");
    cr_assert_eq(sockd_read(client, 1, 3, 1, &bytes), 0);
    cr_assert(bytes.size == 3 && memcmp(bytes.data, "a\0b", 3) == 0);
    cr_assert_eq(sockd_read(client, 1, 3, 1, NULL), 0);
    ANSWER("\x92\xc4\x01x\xa3"
           "eof");
    cr_assert_eq(sockd_recv(client, 1, 3, 0, 1, &bytes, &eof), 0);
    cr_assert(eof && bytes.size == 1);
    ANSWER("\x92\xa1x\xc0");
    cr_assert_eq(sockd_recv(client, 1, 3, 0, 1, &bytes, &eof), 0);
    cr_assert_not(eof);
    cr_assert_eq(sockd_recv(client, 1, 3, 0, 1, NULL, NULL), 0);
}

Test(answer, addresses)
{
    struct sockd_address address;
    uint64_t id = 0;

    ANSWER("\x85\xa4host\xa3::1\xa4port\x50\xa6"
           "family\xa8"
           "AF_INET6\xa4type\xabSOCK_STREAM"
           "\xa8protocol\xa3tcp");
    cr_assert_eq(sockd_name(client, 1, &address), 0);
    cr_assert_str_eq(address.host, "::1");
    cr_assert_str_eq(address.family, "AF_INET6");
    cr_assert_str_eq(address.type, "SOCK_STREAM");
    cr_assert_str_eq(address.protocol, "tcp");
    cr_assert_str_eq(address.path, "");
    cr_assert_eq(address.port, 80);
    cr_assert_eq(sockd_peer(client, 1, NULL), 0);
    ANSWER("\x92\x05\x82\xa4host\xa5unix/\xa4port\xa2/p");
    cr_assert_eq(sockd_accept(client, 1, 1, &id, &address), 0);
    cr_assert_eq(id, 5);
    cr_assert_str_eq(address.path, "/p");
    cr_assert_eq(address.port, -1);
    cr_assert_eq(sockd_accept(client, 1, 1, NULL, NULL), 0);
    ANSWER("\x81\xa4port\xce\x00\x01\x00\x00");
    cr_assert_eq(sockd_name(client, 1, &address), 0);
    cr_assert_eq(address.port, -1);
    cr_assert_str_eq(address.host, "");
}

Test(answer, texts_of_an_address_are_cut)
{
    struct writer writer;
    struct sockd_address address;
    char text[1000];

    memset(text, 'x', sizeof text);
    writer_init_heap(&writer, 5000);
    writer_map(&writer, 2);
    writer_text(&writer, "host");
    writer_str(&writer, text, sizeof text);
    writer_text(&writer, "port");
    writer_str(&writer, text, sizeof text);
    reply.result = writer.data;
    reply.size = writer.size;
    cr_assert_eq(sockd_name(client, 1, &address), 0);
    cr_assert_eq(strlen(address.host), sizeof address.host - 1);
    cr_assert_eq(strlen(address.path), sizeof address.path - 1);
    writer_free_heap(&writer);
}

Test(answer, values)
{
    const struct sockd_value *value = NULL;

    ANSWER("\x91\x80");
    cr_assert_eq(sockd_list(client, NULL, &value), 0);
    cr_assert_eq(sockd_value_count(value), 1);
    ANSWER("\x81\xa1"
           "a\x01");
    cr_assert_eq(sockd_info(client, 1, &value), 0);
    cr_assert_not_null(sockd_value_get(value, "a"));
    cr_assert_eq(sockd_info(client, 1, NULL), 0);
}

Test(answer, what_was_not_promised_is_a_mismatch)
{
    struct sockd_bytes bytes;
    struct sockd_address address;
    uint64_t id;
    int events;

    ANSWER("\x93\x01\x02\x03");
    cr_assert_eq(sockd_close(client, 1), -EPROTO);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_CONNECTION);
    cr_assert_eq(sockd_errno(client, 1, NULL), -EPROTO);
    cr_assert_eq(sockd_ping(client, NULL), -EPROTO);
    cr_assert_eq(sockd_wait(client, 1, 0, &events), -EPROTO);
    cr_assert_eq(sockd_read(client, 1, 1, 1, &bytes), -EPROTO);
    cr_assert_eq(sockd_recv(client, 1, 1, 0, 1, &bytes, NULL), -EPROTO);
    cr_assert_eq(sockd_socket(client, 1, 1, 0, &id), -EPROTO);
    cr_assert_eq(sockd_accept(client, 1, 1, &id, &address), -EPROTO);
    cr_assert_eq(sockd_name(client, 1, &address), -EPROTO);
    ANSWER("\x92\xa1x\x05");
    cr_assert_eq(sockd_recv(client, 1, 1, 0, 1, &bytes, NULL), -EPROTO);
    ANSWER("\x92\x01\x05");
    cr_assert_eq(sockd_accept(client, 1, 1, &id, &address), -EPROTO);
    ANSWER("\xff");
    cr_assert_eq(sockd_socket(client, 1, 1, 0, &id), -EPROTO);
    cr_assert_eq(sockd_write(client, 1, "", 0, 1, NULL), -EPROTO);
}

Test(answer, pairs_of_things)
{
    uint64_t first = 0, second = 0;
    bool lingers = false;
    int seconds = 0, events = 0;

    ANSWER("\x92\x05\x06");
    cr_assert_eq(sockd_socketpair(client, 1, 1, 0, &first, &second), 0);
    cr_assert(first == 5 && second == 6);
    cr_assert_eq(sockd_socketpair(client, 1, 1, 0, NULL, NULL), 0);
    cr_assert_eq(sockd_linger(client, 7, SOCKD_DEFAULT, SOCKD_DEFAULT, &lingers, NULL), -EPROTO);
    ANSWER("\x92\xc3\x06");
    cr_assert_eq(sockd_linger(client, 7, true, 6, &lingers, &seconds), 0);
    cr_assert_str_eq(reply.params, "07c306");
    cr_assert(lingers && seconds == 6);
    cr_assert_eq(sockd_linger(client, 7, SOCKD_DEFAULT, SOCKD_DEFAULT, NULL, NULL), 0);
    cr_assert_eq(sockd_socketpair(client, 1, 1, 0, &first, &second), -EPROTO);
    cr_assert_eq(sockd_iowait(client, 7, SOCKD_READABLE, 1, &events), -EPROTO);
    ANSWER("\x03");
    cr_assert_eq(sockd_iowait(client, 7, SOCKD_READABLE | SOCKD_WRITABLE, 1, &events), 0);
    cr_assert_eq(events, SOCKD_READABLE | SOCKD_WRITABLE);
    ANSWER("\x04");
    cr_assert_eq(sockd_iowait(client, 7, SOCKD_READABLE, 1, &events), -EPROTO);
}

Test(answer, messages_and_their_senders)
{
    struct sockd_bytes bytes = {0};
    struct sockd_address from;

    ANSWER("\x92\xc4\x01x\x82\xa4host\xa3::1\xa4port\x50");
    cr_assert_eq(sockd_recvfrom(client, 7, SOCKD_NO_LIMIT, SOCKD_DEFAULT, 1, &bytes, &from), 0);
    cr_assert(bytes.size == 1 && from.port == 80);
    cr_assert_str_eq(from.host, "::1");
    ANSWER("\x92\xc4\x01x\xc0");
    cr_assert_eq(sockd_recvfrom(client, 7, 10, 0, 1, &bytes, &from), 0);
    cr_assert_eq(from.port, -1);
    cr_assert_str_empty(from.host);
    cr_assert_eq(sockd_recvfrom(client, 7, 10, 0, 1, NULL, NULL), 0);
    ANSWER("\x92\xc4\x01x\x05");
    cr_assert_eq(sockd_recvfrom(client, 7, 10, 0, 1, &bytes, &from), -EPROTO);
    ANSWER("\xc4\x01x");
    cr_assert_eq(sockd_recvfrom(client, 7, 10, 0, 1, &bytes, &from), -EPROTO);
}

Test(answer, options)
{
    const struct sockd_value *value = NULL;
    struct sockd_args *args = sockd_args_new();

    ANSWER("\xc3");
    sockd_args_double(args, 0.5);
    cr_assert_eq(sockd_setsockopt(client, 7, 1, 20, args), 0);
    cr_assert_str_eq(reply.params, "070114cb3fe0000000000000");
    cr_assert_eq(sockd_setsockopt_int(client, 7, 1, 9, 1), 0);
    cr_assert_str_eq(reply.params, "07010901");
    sockd_args_array(args, 2);
    cr_assert_eq(sockd_setsockopt(client, 7, 1, 20, args), -EINVAL);
    sockd_args_free(args);
    ANSWER("\x05");
    cr_assert_eq(sockd_getsockopt(client, 7, 1, 9, &value), 0);
    cr_assert_eq(sockd_value_type(value), SOCKD_INT);
    ANSWER("\x90");
    cr_assert_eq(sockd_getaddrinfo(client, NULL, NULL, SOCKD_FOREVER, 1, SOCKD_DEFAULT,
                                   SOCKD_DEFAULT, SOCKD_DEFAULT, &value),
                 0);
    cr_assert_str_eq(reply.params, "00c0c001c0c0c0");
    cr_assert_eq(sockd_value_type(value), SOCKD_ARRAY);
}

Test(answer, failures_go_through)
{
    const struct message_error failure = {.number = EBADF};
    struct sockd_address address;

    reply.error = &failure;
    cr_assert_eq(sockd_close(client, 1), -EBADF);
    cr_assert_eq(sockd_errno(client, 1, NULL), -EBADF);
    cr_assert_eq(sockd_ping(client, NULL), -EBADF);
    cr_assert_eq(sockd_wait(client, 1, 0, NULL), -EBADF);
    cr_assert_eq(sockd_read(client, 1, 1, 1, NULL), -EBADF);
    cr_assert_eq(sockd_recv(client, 1, 1, 0, 1, NULL, NULL), -EBADF);
    cr_assert_eq(sockd_socket(client, 1, 1, 0, NULL), -EBADF);
    cr_assert_eq(sockd_accept(client, 1, 1, NULL, &address), -EBADF);
    cr_assert_eq(sockd_name(client, 1, &address), -EBADF);
    cr_assert_eq(sockd_info(client, 1, NULL), -EBADF);
    cr_assert_eq(sockd_socketpair(client, 1, 1, 0, NULL, NULL), -EBADF);
    cr_assert_eq(sockd_linger(client, 1, 1, 1, NULL, NULL), -EBADF);
    cr_assert_eq(sockd_recvfrom(client, 1, 1, 0, 1, NULL, NULL), -EBADF);
}
