/* The module fiber, where C can see more than tests/lua. */
#include "binding_fixture.h"

TestSuite(fiber_module, .init = fixture_up, .fini = fixture_down);

Test(fiber_module, numbers_and_names_are_those_of_the_fiber)
{
    uint64_t id = fixture_start("fiber = require('fiber') fiber.name('seen') fiber.sleep(0.001)"
                                "return fiber.id()");
    char wanted[32];
    snprintf(wanted, sizeof wanted, "%d", (int)id);
    cr_assert_str_eq(fiber_name(fiber_find(binding_vm(binding), id)), "seen");
    char code[64];
    snprintf(code, sizeof code, "return fiber.find(%d):id()", (int)id);
    cr_assert_str_eq(fixture_lua(code), wanted);
    snprintf(code, sizeof code, "return fiber.find(%d)", (int)id);
    cr_assert_str_eq(fixture_lua(code), "nil");
}

Test(fiber_module, objects_are_not_mistaken)
{
    cr_assert_not_null(
        strstr(fixture_lua("require('fiber').status(io.stdout)"), "fiber expected, got userdata"));
    cr_assert_not_null(
        strstr(fixture_lua("require('fiber').status('x')"), "fiber expected, got string"));
    cr_assert_str_eq(fixture_lua("return require('fiber').self() == newproxy(true)"), "false");
}

Test(fiber_module, without_a_fiber_there_is_no_self)
{
    fixture_lua("fiber = require('fiber')");
    lua_State *L = vm_main(binding_vm(binding));
    cr_assert_eq(luaL_dostring(L, "local _, problem = pcall(fiber.self) seen = problem"), 0);
    cr_assert_not_null(strstr(fixture_lua("return seen"), "no fiber runs here"));
}
