/* find, match, gmatch and gsub where they are more than a match; patterns are test_pattern.c's. */
#include "binding_fixture.h"

TestSuite(string_module, .init = fixture_up, .fini = fixture_down);

Test(string_module, texts_are_found_as_they_are)
{
    cr_assert_str_eq(fixture_lua("return ('aaaaaaaaaaaaaab'):find('aab')"), "13 15");
    cr_assert_str_eq(fixture_lua("return ('x.y'):find('.', 1, true)"), "2 2");
    cr_assert_str_eq(fixture_lua("return ('xyz'):find('', 10)"), "4 3");
    cr_assert_str_eq(fixture_lua("return ('xyz'):find('yzz')"), "nil");
    cr_assert_str_eq(fixture_lua("return ('a'):rep(1e6):find(('a'):rep(5e5) .. 'b')"), "nil");
}

Test(string_module, a_long_subject_is_replaced_in_slices)
{
    cr_assert_str_eq(fixture_lua("local s = ('one two '):rep(50000)"
                                 " local got, count = s:gsub('(%w+) (%w+)', '%2 %1')"
                                 " return count, got == ('two one '):rep(50000)"),
                     "50000 true");
    cr_assert_str_eq(fixture_lua("local s = ('ab'):rep(2000000)"
                                 " local got, count = s:gsub('b', {b = 'cc'})"
                                 " return count, #got, got:sub(-4)"),
                     "2000000 6000000 cacc");
    cr_assert_str_eq(fixture_lua("return select(2, ('ab'):rep(2000000):gsub('[ab]', '', 1500001))"),
                     "1500001");
    cr_assert_str_eq(fixture_lua("return select(2, ('ab'):rep(100000):gsub('^a', 'x'))"), "1");
}

Test(string_module, results_of_functions_grow)
{
    cr_assert_str_eq(fixture_lua("local got, count = ('a.b.c'):gsub('%.', function()"
                                 " return ('x'):rep(1000) end) return #got, count"),
                     "2003 2");
}

Test(string_module, a_function_may_wait)
{
    cr_assert_str_eq(fixture_lua("return ('1 2 3'):gsub('%d', function(n)"
                                 " require('fiber').sleep(0.001) return n * 2 end)"),
                     "2 4 6 3");
    cr_assert_str_eq(fixture_lua("local fiber = require('fiber')"
                                 " return ('a b'):gsub('%a', setmetatable({}, {__index ="
                                 " function(_, key) fiber.yield() return key .. key end}))"),
                     "aa bb 2");
}

Test(string_module, a_function_that_uses_gsub_is_alone_with_its_match)
{
    cr_assert_str_eq(fixture_lua("local function swap(s) return (s:gsub('(%a)(%a)', '%2%1')) end"
                                 " return ('ab cd'):gsub('%a+', swap)"),
                     "ba dc 2");
}

Test(string_module, a_recursion_through_gsub_is_an_error)
{
    cr_assert_not_null(strstr(fixture_lua("local function deep() return ('x'):gsub('x', deep) end"
                                          " return pcall(deep)"),
                              "stack overflow"));
    cr_assert_str_eq(fixture_lua("return 'alive'"), "alive");
}

Test(string_module, nothing_of_luajit_is_left_to_scripts)
{
    cr_assert_str_eq(fixture_lua("return getmetatable('').__index == string,"
                                 " string.gfind == nil,"
                                 " package.loaded.string == string"),
                     "true true true");
}
