/* Recursion of scripts through functions in C. */
#include "binding_fixture.h"

TestSuite(stack, .init = fixture_up, .fini = fixture_down);

/* `body` is that of a function `deep`, which gets an object whose metatable is `meta`. */
static void overflows(const char *body, const char *with)
{
    char code[1024];
    snprintf(
        code, sizeof code,
        "local json, msgpack, meta, deep = require('json'), require('msgpack'), {}"
        " local function object() return setmetatable({1}, meta) end"
        " function deep() %s end meta.__serialize, meta.__tostring, meta.__index = deep, deep, deep"
        " return pcall(deep)",
        body);
    const char *result = fixture_lua(code);
    cr_assert_not_null(strstr(result, with), "%s: %s", body, result);
    cr_assert_str_eq(fixture_lua("return 'alive'"), "alive");
}

Test(stack, a_recursion_through_c_is_an_error)
{
    overflows("return json.encode(object())", "stack overflow");
    overflows("return msgpack.encode(object())", "stack overflow");
    overflows("print(object()) return ''", "stack overflow");
    overflows("return ('%s'):format(object())", "stack overflow");
    overflows("json.decode('1', object())", "stack overflow");
    overflows("require('socket').tcp_server('127.0.0.1', 0, object())", "stack overflow");
    overflows("return ('x'):gsub('x', deep)", "stack overflow");
    overflows("return ('x'):gsub('x', object())", "stack overflow");
    overflows("table.sort({2, 1}, deep)", "stack overflow");
    overflows("table.foreach({1}, deep)", "stack overflow");
}

Test(stack, modules_may_nest_as_deep_as_functions)
{
    cr_assert_not_null(strstr(fixture_lua("local n = 0 local function deep() n = n + 1"
                                          " package.preload['m' .. n] = deep require('m' .. n) end"
                                          " return pcall(deep)"),
                              "stack overflow"));
}

Test(stack, readers_may_nest)
{
    cr_assert_str_eq(fixture_lua("local n = 0 local function deep() n = n + 1"
                                 " if n < 1000 then load(deep) end end load(deep) return n"),
                     "1000");
}
