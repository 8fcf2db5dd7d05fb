/* table.sort and table.concat. */
#include "against_luajit.h"
#include "binding_fixture.h"

TestSuite(table_module, .init = fixture_up, .fini = fixture_down);

Test(table_module, sorts_as_luajit_does_and_throws_what_it_throws)
{
    against_luajit("table_cases.lua", 1, 2000);
    against_luajit("table_cases.lua", 20261129, 2000);
}

static void sorts(const char *value)
{
    char code[512];
    snprintf(code, sizeof code,
             "local t = {} for i = 1, 200000 do t[i] = %s end table.sort(t)"
             " for i = 2, #t do if t[i] < t[i - 1] then return i end end return #t",
             value);
    cr_assert_str_eq(fixture_lua(code), "200000", "%s", value);
}

Test(table_module, many_numbers_are_sorted_whatever_their_order)
{
    sorts("math.random()");
    sorts("i");
    sorts("-i");
    sorts("1");
    sorts("i % 2");
    sorts("i % 7 == 0 and math.huge or -i");
    sorts("i == 150000 and 'x' and 1 or i % 1000");
}

Test(table_module, strings_are_sorted_too)
{
    sorts("tostring(i * 7919 % 200000)");
}

Test(table_module, numbers_with_something_else_among_them_are_left_as_they_were)
{
    cr_assert_str_eq(fixture_lua("local t = {} for i = 1, 5000 do t[i] = i end t[4000] = 'x'"
                                 " return pcall(table.sort, t)"),
                     "false attempt to compare number with string");
}

Test(table_module, a_comparison_may_wait)
{
    cr_assert_str_eq(fixture_lua("local t = {3, 1, 2} table.sort(t, function(a, b)"
                                 " require('fiber').sleep(0.001) return a < b end)"
                                 " return unpack(t)"),
                     "1 2 3");
}

Test(table_module, a_recursion_through_sort_is_an_error)
{
    cr_assert_not_null(strstr(fixture_lua("local function deep() table.sort({2, 1}, deep) end"
                                          " return pcall(deep)"),
                              "stack overflow"));
}

Test(table_module, many_texts_are_joined)
{
    cr_assert_str_eq(fixture_lua("local t = {} for i = 1, 250000 do t[i] = i % 10 end"
                                 " local a, b = table.concat(t), table.concat(t, ', ')"
                                 " return #a, a:sub(-3), #b, b:sub(1, 7), b:sub(299998, 300004)"),
                     "250000 890 749998 1, 2, 3 0, 1, 2");
    cr_assert_not_null(strstr(fixture_lua("local t = {} for i = 1, 250000 do t[i] = i end"
                                          " t[240000] = {} return pcall(table.concat, t)"),
                              "invalid value (table) at index 240000 in table for 'concat'"));
}
