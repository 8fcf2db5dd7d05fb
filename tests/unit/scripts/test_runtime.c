/* The runtime: its beginning, its end, and when it is idle. */
#include "lua_fixture.h"

#include "net/address.h"

TestSuite(runtime, .init = fixture_up, .fini = fixture_down);

static bool is_idle(void)
{
    return runtime_busy(runtime) == 0;
}

Test(runtime, is_busy_while_fibers_live)
{
    cr_assert_eq(runtime_busy(runtime), 0);
    cr_assert_str_eq(fixture_load(fixture_file("a.lua", "local fiber = require('fiber')"
                                                        "fiber.create(fiber.sleep, 0.001)")),
                     "");
    cr_assert_eq(runtime_busy(runtime), 1);
    fixture_run_until(is_idle);
}

Test(runtime, is_busy_while_it_serves)
{
    const char *path = fixture_file("a.lua", "listener = require('socket').tcp_server('127.0.0.1',"
                                             "0, print)");
    cr_assert_str_eq(fixture_load(path), "");
    cr_assert_eq(runtime_busy(runtime), 1);
}

static int idles;

static void on_idle(void *context)
{
    (void)context;
    idles++;
    loop_stop(loop);
}

Test(runtime, tells_when_it_has_become_idle)
{
    cr_assert_str_eq(fixture_load(fixture_file("a.lua", "local fiber = require('fiber')"
                                                        "fiber.create(fiber.sleep, 0.001)")),
                     "");
    runtime_set_idle(runtime, on_idle, NULL);
    cr_assert_eq(loop_run(loop), 0);
    cr_assert_eq(idles, 1);
    runtime_set_idle(runtime, NULL, NULL);
}

static void on_ran(void *context, int error, const char *text)
{
    snprintf(context, 200, "%s", error < 0 ? text : "fine");
    loop_stop(loop);
}

Test(runtime, runs_a_script_as_the_program)
{
    char result[200] = "";
    char path[4200];
    char *arguments[] = {path, (char[]){"one"}, (char[]){"two"}};
    snprintf(path, sizeof path, "%s",
             fixture_file("main.lua", "#!/usr/bin/env -S sockd run\n"
                                      "assert(arg[0]:match('main.lua$') and arg[1] == 'one')"
                                      "assert(select('#', ...) == 2 and select(2, ...) == 'two')"
                                      "assert(require('fiber').name() == 'main.lua')"
                                      "shared = 1 assert(_G.shared == 1)"));
    cr_assert_eq(runtime_run(runtime, arguments, 3, on_ran, result), 0);
    cr_assert_eq(loop_run(loop), 0);
    cr_assert_str_eq(result, "fine");
}
