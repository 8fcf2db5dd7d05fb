/* sockd.stats: the server's own numbers, and those of the runtime, if there is one. */
#include "fixture.h"

#include <string.h>

static struct fixture fixture;
static struct client *client;

static void start(const struct rpc_hooks *hooks)
{
    fixture_start(&fixture, NULL, hooks, &fixture);
    client = client_new(&fixture);
}

static void stop(void)
{
    client_free(client);
    fixture_stop(&fixture);
}

Test(method_stats, stats_of_the_daemon_and_of_the_caller)
{
    struct view quotas, sockets;
    int64_t used;
    uint32_t count;
    start(NULL);
    int64_t handle = client_int(client, "socket", "ss", "AF_INET", "SOCK_STREAM");
    struct message answer = client_answer(client, client_request(client, "sockd.stats", ""));
    cr_assert_eq(error_number(&answer, "sockets"), 1);
    cr_assert_eq(error_number(&answer, "clients"), 1);
    cr_assert_eq(error_number(&answer, "served"), 2);
    cr_assert(view_find(answer.result, "quotas", &quotas));
    cr_assert(view_find(quotas, "sockets", &sockets));
    cr_assert(view_array(&sockets, &count) && count == 2);
    cr_assert(view_int(&sockets, &used) && used == 1);
    cr_assert(client_true(client, "close", "i", handle));
    stop();
}

static void on_stats(void *context, struct rpc_runtime_stats *out)
{
    cr_assert_eq(context, &fixture);
    *out =
        (struct rpc_runtime_stats){.fibers = 3, .memory = 1 << 20, .generation = 7, .handlers = 2};
}

static void on_each_handler(void *context,
                            void (*tell)(void *to, const struct rpc_handler_stats *stats), void *to)
{
    cr_assert_eq(context, &fixture);
    tell(to, &(struct rpc_handler_stats){"echo", 2, 10, 1});
    tell(to, &(struct rpc_handler_stats){"chat", 0, 5, 0});
}

Test(method_stats, of_the_runtime)
{
    static const struct rpc_hooks hooks = {.stats = on_stats, .each_handler = on_each_handler};
    struct view handlers, echo, lag;
    int64_t number;
    uint32_t count;
    start(&hooks);
    struct message answer = client_answer(client, client_request(client, "sockd.stats", ""));
    cr_assert_eq(error_number(&answer, "fibers"), 3);
    cr_assert_eq(error_number(&answer, "lua_memory"), 1 << 20);
    cr_assert_eq(error_number(&answer, "generation"), 7);
    cr_assert(view_find(answer.result, "loop_lag", &lag));
    cr_assert(view_find(answer.result, "loop_busy", &lag));
    cr_assert(view_find(answer.result, "handlers", &handlers));
    cr_assert(view_find(handlers, "echo", &echo));
    cr_assert(view_find(echo, "connections", &lag) && view_int(&lag, &number) && number == 2);
    cr_assert(view_find(echo, "connections_ever", &lag) && view_int(&lag, &number));
    cr_assert_eq(number, 10);
    cr_assert(view_find(echo, "failed", &lag) && view_int(&lag, &number) && number == 1);
    cr_assert(view_map(&handlers, &count) && count == 2);
    stop();
}
