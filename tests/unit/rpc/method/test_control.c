/* sockd.hello, sockd.ping, sockd.api, sockd.cancel, nvim_get_api_info; what runs Lua is
 * in test_call_run.c. */
#include "fixture.h"

#include "protocol/methods.h"

#include <string.h>
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

Test(method_control, ping_and_api)
{
    struct view value;
    uint32_t count;
    start();
    client_text(client, "pong", "sockd.ping", "");
    client_fails(client, "EINVAL", "sockd.ping", "i", (int64_t)1);
    struct message answer = client_answer(client, client_request(client, "sockd.api", ""));
    cr_assert(view_find(answer.result, "methods", &value) && view_array(&value, &count));
    cr_assert_eq(count, METHOD_COUNT);
    stop();
}

Test(method_control, hello_tells_limits_and_rights)
{
    struct view value;
    bool admin;
    start();
    uint32_t hello =
        client_request(client, "sockd.hello", "{sssi}", "name", "test", "level", (int64_t)1);
    struct message answer = client_answer(client, hello);
    cr_assert_eq(error_number(&answer, "level"), LIMIT_LEVEL);
    cr_assert_eq(error_number(&answer, "uid"), geteuid());
    cr_assert(view_find(answer.result, "admin", &value) && view_bool(&value, &admin) && admin);
    cr_assert(view_find(answer.result, "limits", &value));
    answer.result = value;
    cr_assert_eq(error_number(&answer, "data"), LIMIT_DATA);
    cr_assert_gt(error_number(&answer, "requests"), 0);
    struct client *other = client_new_as(&fixture, 1001);
    answer = client_answer(other, client_request(other, "sockd.hello", ""));
    cr_assert_eq(error_number(&answer, "uid"), 1001);
    cr_assert(view_find(answer.result, "admin", &value) && view_bool(&value, &admin) && !admin);
    client_fails(other, "EINVAL", "sockd.hello", "i", (int64_t)1);
    client_free(other);
    stop();
}

Test(method_control, a_request_that_waits_can_be_cancelled)
{
    int outside;
    start();
    int64_t handle = outside_pair(client, &outside);
    uint32_t read = client_request(client, "read", "is", handle, "\n");
    uint32_t cancel = client_request(client, "sockd.cancel", "u", read);
    bool cancelled = false;
    struct message answer = client_answer(client, cancel);
    cr_assert(view_bool(&answer.result, &cancelled) && cancelled);
    answer = client_answer(client, read);
    cr_assert_str_eq(error_name(&answer), "ECANCELED");
    client_fails(client, "ENOENT", "sockd.cancel", "u", read);
    client_fails(client, "ENOENT", "sockd.cancel", "u", 777u);
    cr_assert_eq(write(outside, "line\n", 5), 5);
    read = client_request(client, "read", "is", handle, "\n");
    expect_bytes(client, read, "line\n", 5);
    close(outside);
    stop();
}

Test(method_control, a_client_of_neovim_finds_the_types_that_it_asks_for)
{
    struct view types;
    uint32_t count;
    start();
    struct message answer = client_answer(client, client_request(client, "nvim_get_api_info", ""));
    cr_assert(view_array(&answer.result, &count) && count == 2 && view_skip(&answer.result));
    cr_assert(view_find(answer.result, "types", &types));
    cr_assert(view_map(&types, &count) && count == 3);
    stop();
}
