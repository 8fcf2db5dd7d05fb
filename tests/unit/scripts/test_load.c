/* Loading scripts into the runtime. */
#include "lua_fixture.h"

#include "harness/harness.h"

#include <sys/stat.h>
#include <unistd.h>

TestSuite(load, .init = fixture_up, .fini = fixture_down);

Test(load, a_file)
{
    cr_assert_str_eq(fixture_load(fixture_file("a.lua", "function f() end")), "");
    cr_assert_eq(runtime_busy(runtime), 0);
}

Test(load, a_folder_in_order_of_names)
{
    fixture_file("b.lua", "assert(_G.order == 'a') _G.order = 'ab'");
    fixture_file("a.lua", "assert(_G.order == nil) _G.order = 'a'");
    fixture_file("c.lua", "assert(_G.order == 'ab')");
    fixture_file(".hidden.lua", "error('hidden')");
    fixture_file("README", "this is no Lua");
    cr_assert_str_eq(fixture_load(fixture_folder()), "");
}

Test(load, each_has_globals_of_its_own)
{
    fixture_file("a.lua", "mine = 1");
    fixture_file("b.lua", "assert(mine == nil and print) mine = 2");
    cr_assert_str_eq(fixture_load(fixture_folder()), "");
}

Test(load, a_script_may_wait)
{
    cr_assert_str_eq(fixture_load(fixture_file("a.lua", "require('fiber').sleep(0.001)")), "");
}

Test(load, errors_come_with_their_place)
{
    const char *error = fixture_load(fixture_file("a.lua", "\nlocal x = nil + 1"));
    cr_assert_not_null(strstr(error, "a.lua:2: attempt to perform arithmetic"));
    cr_assert_not_null(strstr(error, "stack traceback"));
    cr_assert_not_null(strstr(fixture_load(fixture_file("b.lua", "this is no Lua")), "b.lua:1:"));
    cr_assert_not_null(strstr(fixture_load("/none/such.lua"), "/none/such.lua"));
}

Test(load, one_that_fails_keeps_the_next_from_running)
{
    fixture_file("a.lua", "error('on purpose')");
    fixture_file("b.lua", "_G.ran = true");
    cr_assert_not_null(strstr(fixture_load(fixture_folder()), "on purpose"));
    cr_assert_str_eq(fixture_load(fixture_file("a.lua", "assert(_G.ran == nil)")), "");
}

Test(load, an_empty_folder_is_loaded)
{
    cr_assert_str_eq(fixture_load(fixture_folder()), "");
}

static void never(void *context, const struct runtime_change *change)
{
    (void)context;
    cr_assert_fail("loaded: %s", change->text);
}

Test(load, a_folder_that_cannot_be_read_is_refused_at_once)
{
    if (geteuid() == 0)
        cr_skip("root reads everything");
    char path[4200];
    snprintf(path, sizeof path, "%s/closed", fixture_folder());
    cr_assert_eq(mkdir(path, 0), 0);
    cr_assert_eq(runtime_load(runtime, path, never, NULL), -EACCES);
    rmdir(path);
}

Test(load, the_end_comes_before_it_is_done)
{
    const char *path = fixture_file("a.lua", "require('fiber').sleep(100)");
    cr_assert_eq(runtime_load(runtime, path, never, NULL), 0);
    cr_assert_eq(runtime_load(runtime, path, never, NULL), -EALREADY);
}
