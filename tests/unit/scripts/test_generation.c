/* Generations of scripts: a change stands as a whole or not at all. What sockets and clients see of
 * it is in tests/e2e/test_reload.py. */
#include "lua_fixture.h"

#include "rpc/hooks.h"
#include "scripts/hooks.h"
#include "util/error.h"

#include <lauxlib.h>
#include <unistd.h>

/* The half of the control server that takes the outcome of a run. */
static char value[256];
static int ended;

void rpc_call_return(struct rpc_call *call, const void *data, size_t size)
{
    (void)call;
    snprintf(value, sizeof value, "%.*s", (int)size, (const char *)data);
    ended = 1;
    loop_stop(loop);
}

void rpc_call_fail(struct rpc_call *call, int error, const char *text, size_t size)
{
    (void)call;
    snprintf(value, sizeof value, "%s", strerror(-error));
    (void)text, (void)size;
    ended = 1;
    loop_stop(loop);
}

/* What the function of the scripts returns, a short string, as it travels. */
static const char *called(const char *name)
{
    struct rpc_run run = {RPC_RUN_CALL, name, strlen(name), "\x90", 1, geteuid()};
    struct rpc_reason reason = {.text = ""};
    void *running;
    ended = 0;
    int error = runtime_hooks.run(runtime, (struct rpc_call *)&ended, &run, &running, &reason);
    if (error < 0)
        return "(none)";
    cr_assert_eq(loop_run(loop), 0);
    return value + 1; /* behind the length */
}

static struct runtime_change outcome;
static char text[4096];
static size_t begun, told;

static void on_done(void *context, const struct runtime_change *change)
{
    cr_assert_eq(context, &outcome);
    outcome = *change;
    snprintf(text, sizeof text, "%s", change->text != NULL ? change->text : "");
    loop_stop(loop);
}

static void on_watch(void *context, const struct runtime_change *change)
{
    cr_assert_eq(context, &begun);
    begun += !change->ended;
    told += change->ended;
}

static int reload(void)
{
    cr_assert_eq(runtime_reload(runtime, on_done, &outcome), 0);
    cr_assert_eq(loop_run(loop), 0);
    return outcome.error;
}

static void configure(void)
{
    const char *path = fixture_folder();
    cr_assert_eq(runtime_set_scripts(runtime, &path, 1), 0);
    runtime_set_watcher(runtime, on_watch, &begun);
}

TestSuite(generation, .init = fixture_up, .fini = fixture_down);

Test(generation, follows_generation)
{
    configure();
    fixture_file("a.lua", "function name() return 'one' end function first() return 'x' end");
    cr_assert_eq(reload(), 0);
    cr_assert_eq(runtime_generation(runtime), 1);
    cr_assert_str_eq(called("name"), "one");
    fixture_file("a.lua", "function name() return 'two' end");
    cr_assert_eq(reload(), 0);
    cr_assert(outcome.reload);
    cr_assert_eq(outcome.generation, 2);
    cr_assert_eq(outcome.count, 1);
    cr_assert_str_eq(called("name"), "two");
    cr_assert_str_eq(called("first"), "(none)");
    cr_assert_eq(begun, 2);
    cr_assert_eq(told, 2);
}

Test(generation, stays_when_any_script_of_the_next_fails)
{
    configure();
    fixture_file("a.lua", "function name() return 'one' end");
    cr_assert_eq(reload(), 0);
    fixture_file("a.lua", "function name() return 'two' end");
    fixture_file("b.lua", "require('fiber').sleep(0.001) error('on purpose')");
    cr_assert_eq(reload(), -EREMOTEIO);
    cr_assert_not_null(strstr(text, "on purpose"));
    cr_assert_eq(runtime_generation(runtime), 1);
    cr_assert_str_eq(called("name"), "one");
}

Test(generation, may_be_added_to)
{
    configure();
    fixture_file("a.lua", "function name() return 'one' end");
    cr_assert_eq(reload(), 0);
    cr_assert_eq(runtime_load(runtime, fixture_file("b.lua", "function more() return 'more' end"),
                              on_done, &outcome),
                 0);
    cr_assert_eq(loop_run(loop), 0);
    cr_assert(!outcome.reload && outcome.error == 0);
    cr_assert_eq(outcome.generation, 1);
    cr_assert_str_eq(called("name"), "one");
    cr_assert_str_eq(called("more"), "more");
    cr_assert_eq(runtime_load(runtime, fixture_folder(), on_done, &outcome), -EEXIST);
}

Test(generation, changes_once_at_a_time_and_may_be_cancelled)
{
    configure();
    fixture_file("a.lua", "require('fiber').sleep(100)");
    cr_assert_eq(runtime_reload(runtime, on_done, &outcome), 0);
    cr_assert_eq(runtime_reload(runtime, on_done, &outcome), -EALREADY);
    cr_assert_eq(runtime_load(runtime, "/none", on_done, &outcome), -EALREADY);
    runtime_cancel_change(runtime);
    cr_assert_eq(outcome.error, -ECANCELED);
    runtime_cancel_change(runtime);
    cr_assert_eq(runtime_generation(runtime), 0);
    fixture_file("a.lua", "");
    cr_assert_eq(reload(), 0);
}

Test(generation, that_is_not_complete_at_the_end_is_forgotten)
{
    configure();
    fixture_file("a.lua", "require('fiber').sleep(100)");
    cr_assert_eq(runtime_reload(runtime, on_done, &outcome), 0);
    told = 0;
}

static size_t sockets(void)
{
    struct net_stats stats;
    net_stats(net, &stats);
    return stats.sockets;
}

Test(generation, owns_its_listeners)
{
    static const char listens[] = "require('socket').tcp_server('127.0.0.1', 0, print)";
    configure();
    fixture_file("a.lua", listens);
    cr_assert_eq(reload(), 0);
    cr_assert_eq(sockets(), 1);
    fixture_file("a.lua", "require('socket').tcp_server('127.0.0.1', 0, print) error('no')");
    cr_assert_eq(reload(), -EREMOTEIO);
    cr_assert_eq(sockets(), 1);
    fixture_file("a.lua", "require('socket').tcp_server('127.0.0.1', 0, print)"
                          "require('socket').tcp_server('127.0.0.1', 0, print)");
    cr_assert_eq(reload(), 0);
    cr_assert_eq(sockets(), 2);
    fixture_file("a.lua", "");
    cr_assert_eq(reload(), 0);
    cr_assert_eq(sockets(), 0);
}
