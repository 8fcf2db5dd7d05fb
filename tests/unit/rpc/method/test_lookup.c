/* getaddrinfo. */
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

static uint32_t found(uint32_t msgid)
{
    struct message answer = client_answer(client, msgid);
    uint32_t count;
    cr_assert(view_array(&answer.result, &count), "%s", error_name(&answer));
    return count;
}

Test(method_lookup, what_is_numeric_needs_nobody)
{
    start();
    cr_assert_eq(found(client_request(client, "getaddrinfo", "sinss", "127.0.0.1", (int64_t)80,
                                      "SOCK_STREAM", "AF_INET")),
                 1);
    cr_assert_eq(
        found(client_request(client, "getaddrinfo", "ss{ss}", "::1", "80", "protocol", "udp")), 1);
    cr_assert_gt(found(client_request(client, "getaddrinfo", "s", "::1")), 1);
    stop();
}

Test(method_lookup, every_option_is_checked)
{
    start();
    client_fails(client, "EINVAL", "getaddrinfo", "si{ss}", "::1", (int64_t)80, "type", "X");
    client_fails(client, "EINVAL", "getaddrinfo", "si{ss}", "::1", (int64_t)80, "family", "X");
    client_fails(client, "EINVAL", "getaddrinfo", "si{ss}", "::1", (int64_t)80, "flags", "X");
    client_fails(client, "EPROTOTYPE", "getaddrinfo", "si{ss}", "::1", (int64_t)80, "protocol",
                 "no such");
    client_fails(client, "EAI_NONAME", "getaddrinfo", "si{ss}", "no host", (int64_t)80, "flags",
                 "AI_NUMERICHOST");
    stop();
}

Test(method_lookup, a_client_that_does_not_wait_for_it)
{
    start();
    client_request(client, "getaddrinfo", "ss", "localhost", "http");
    fixture_spin(&fixture);
    stop();
}
