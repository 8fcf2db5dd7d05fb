/* sockd.set, and the same settings given to what makes a socket. */
#include "fixture.h"

#include <string.h>

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

/* What sockd.info shows of a handle; the text "" for nil. */
static void shows(int64_t handle, const char *key, const char *expected)
{
    struct message answer =
        client_answer(client, client_request(client, "sockd.info", "i", handle));
    struct view value;
    const char *text = "";
    size_t size = 0;
    cr_assert(view_find(answer.result, key, &value), "%s", key);
    (void)view_str(&value, &text, &size);
    cr_assert(size == strlen(expected) && memcmp(text, expected, size) == 0, "%s: %.*s", key,
              (int)size, text);
}

static int64_t make(const char *format, const char *key, const char *value)
{
    return client_int(client, "socket", format, "AF_INET", "SOCK_STREAM", 0, key, value);
}

Test(method_set, settings_are_given_at_birth_or_later)
{
    start();
    int64_t handle = make("ssi{ss}", "share", "group");
    shows(handle, "share", "group");
    shows(handle, "lifetime", "daemon");
    cr_assert(client_true(client, "sockd.set", "i{sssssssi}", handle, "name", "web", "share",
                          "none", "lifetime", "client", "ttl", 60));
    shows(handle, "share", "none");
    shows(handle, "lifetime", "client");
    shows(handle, "name", "web");
    struct message answer = client_answer(client, client_request(client, "sockd.info", "s", "web"));
    cr_assert_eq(error_number(&answer, "ttl"), 60);
    cr_assert(client_true(client, "sockd.set", "s{snsnsn}", "web", "lifetime", "ttl", "name"));
    shows(handle, "lifetime", "daemon");
    shows(handle, "name", "");
    answer = client_answer(client, client_request(client, "sockd.info", "i", handle));
    cr_assert_eq(error_number(&answer, "ttl"), -1);
    client_true(client, "close", "i", handle);
    stop();
}

Test(method_set, a_name_that_is_taken_is_refused)
{
    start();
    int64_t one = make("ssi{ss}", "name", "one"), two = make("ssi{ss}", "name", "two");
    client_fails(client, "EEXIST", "sockd.set", "i{ss}", two, "name", "one");
    client_fails(client, "EBADF", "sockd.set", "i{ss}", (int64_t)99999, "name", "three");
    client_fails(client, "EINVAL", "sockd.set", "i{ss}", two, "share", "all");
    shows(two, "name", "two");
    cr_assert(client_true(client, "sockd.set", "i", two));
    client_true(client, "close", "i", one);
    client_true(client, "close", "i", two);
    stop();
}

Test(method_set, a_socket_closes_with_the_connection_that_says_so)
{
    start();
    struct client *other = client_new(&fixture);
    int64_t kept = make("ssi{ss}", "lifetime", "client");
    int64_t lost = make("ssi", "", "");
    cr_assert(client_true(other, "sockd.set", "i{ss}", lost, "lifetime", "client"));
    client_free(other);
    UNTIL(&fixture, !net_find(fixture.net, (uint64_t)lost));
    cr_assert_not_null(net_find(fixture.net, (uint64_t)kept));
    client_free(client);
    UNTIL(&fixture, !net_find(fixture.net, (uint64_t)kept));
    fixture_stop(&fixture);
}

Test(method_set, both_of_a_pair_get_what_is_said)
{
    int64_t ids[2];
    start();
    struct message answer =
        client_answer(client, client_request(client, "socketpair", "ssi{ss}", "AF_UNIX",
                                             "SOCK_STREAM", 0, "share", "group"));
    uint32_t count;
    cr_assert(view_array(&answer.result, &count) && count == 2);
    for (int i = 0; i < 2; i++)
        cr_assert(view_int(&answer.result, &ids[i]));
    for (int i = 0; i < 2; i++) {
        shows(ids[i], "share", "group");
        client_true(client, "close", "i", ids[i]);
    }
    stop();
}
