/* Opening, generic requests, and that nothing is left behind. */
#include "client/core.h"

#include "harness/harness.h"
#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Test(client, without_a_daemon_there_is_no_client)
{
    struct sockd_client *client = (struct sockd_client *)&errno;
    char longest[300];

    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    cr_assert_eq(sockd_open("/nowhere/at/all", &client), -ENOENT);
    cr_assert_null(client);
    cr_assert_eq(sockd_open(longest, &client), -ENAMETOOLONG);
    cr_assert_null(client);
    sockd_disconnect(NULL);
}

Test(client, where_it_looks)
{
    char path[200], small[5];

    cr_assert_eq(sockd_find_path("/here", path, sizeof path), 0);
    cr_assert_str_eq(path, "/here");
    cr_assert_eq(sockd_find_path("/here", small, sizeof small), -ENAMETOOLONG);
}

Test(client, any_method_by_its_name)
{
    struct peer peer;
    struct peer_reply reply = PEER_REPLY("\x81\xa1"
                                         "a\x92\x01\xc4\x02xy");
    struct sockd_client *client;
    const struct sockd_value *value;
    const char *data;
    size_t size;
    int before = harness_fd_count();

    peer_start(&peer, 1, peer_reply, &reply);
    cr_assert_eq(sockd_open(peer.path, &client), 0);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_NONE);
    struct sockd_args *args = sockd_args_new();
    sockd_args_int(args, 7);
    sockd_args_text(args, "x");
    cr_assert_eq(sockd_request(client, "new.method", args, &value), 0);
    cr_assert(sockd_value_data(sockd_value_at(sockd_value_get(value, "a"), 1), &data, &size));
    cr_assert(size == 2 && memcmp(data, "xy", 2) == 0);
    sockd_args_free(args);
    cr_assert_eq(sockd_request(client, "other", NULL, NULL), 0);
    sockd_disconnect(client);
    peer_stop(&peer);
    cr_assert_str_eq(reply.method, "other");
    cr_assert_eq(reply.requests, 2);
    cr_assert_eq(harness_fd_count(), before);
}

Test(client, a_failure_is_told)
{
    struct peer peer;
    const struct message_error failure = {.number = EPIPE, .has_sent = true, .sent = 5};
    struct peer_reply reply = {.error = &failure};
    struct sockd_client *client;
    size_t sent = 99;

    peer_start(&peer, 1, peer_reply, &reply);
    cr_assert_eq(sockd_open(NULL, &client), 0);
    cr_assert_eq(sockd_write(client, 7, "hello, you", 10, SOCKD_FOREVER, &sent), -EPIPE);
    const struct sockd_error *error = sockd_last_error(client);
    cr_assert_eq(error->origin, SOCKD_ORIGIN_DAEMON);
    cr_assert_eq(error->sent, 5);
    cr_assert_eq(sent, 5);
    cr_assert_str_eq(error->name, "EPIPE");
    cr_assert_str_eq(error->method, "write");
    sockd_disconnect(client);
    peer_stop(&peer);
}

Test(client, over_a_socket_that_is_connected)
{
    struct sockd_client *client;
    char bytes[64];
    int ends[2];
    int before = harness_fd_count();

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    cr_assert_eq(sockd_open_fd(ends[0], &client), 0);
    cr_assert_eq(write(ends[1], "\x94\x01\x01\xc0\xa4pong", 9), 9);
    cr_assert_eq(sockd_request(client, "sockd.ping", NULL, NULL), 0);
    cr_assert_gt(read(ends[1], bytes, sizeof bytes), 0);
    cr_assert_eq(sockd_reconnect(client), -EOPNOTSUPP);
    cr_assert_eq(sockd_last_error(client)->origin, SOCKD_ORIGIN_LIBRARY);
    sockd_disconnect(client);
    cr_assert_eq(read(ends[1], bytes, sizeof bytes), 0);
    close(ends[1]);
    cr_assert_eq(harness_fd_count(), before);
}
