/* Objects of types that are known by their address. */
#include "binding_fixture.h"

#include "binding/sync.h"

TestSuite(sync, .init = fixture_up, .fini = fixture_down);

static const struct sync_type one = {"test.one"}, two = {"test.two"};

static int method(lua_State *L)
{
    const int *object = sync_check(L, &one, "one:method()");
    lua_pushinteger(L, *object);
    return 1;
}

static int make(lua_State *L)
{
    static const luaL_Reg methods[] = {{"method", method}, {NULL, NULL}};
    static const luaL_Reg none[] = {{NULL, NULL}};
    sync_define(L, &one, methods, none);
    sync_define(L, &two, none, none);
    lua_settop(L, 0);
    int *object = sync_new(L, &one, sizeof *object);
    sync_new(L, &two, sizeof *object);
    return 2;
}

/* fn([timeout]): "never", or whether that is in the future. */
static int deadline(lua_State *L)
{
    uint64_t at = sync_deadline(L, 1, "one:wait([timeout])");
    if (at == LOOP_NEVER)
        lua_pushliteral(L, "never");
    else
        lua_pushboolean(L, at > loop_now());
    return 1;
}

Test(sync, objects_are_not_mistaken)
{
    fixture_define(make);
    cr_assert_str_eq(fixture_lua("local a, b = fn() return a:method(), getmetatable(a)"),
                     "0 test.one");
    cr_assert_str_eq(fixture_lua("local a = fn() return (a.method())"),
                     "error: test:1: usage: one:method()");
    static const struct {
        const char *self, *type;
    } rows[] = {{"b", "userdata"},
                {"5", "number"},
                {"nil", "nil"},
                {"io.stdout", "userdata"},
                {"newproxy()", "userdata"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char code[128], wanted[128];
        snprintf(code, sizeof code, "local a, b = fn() return (a.method(%s))", rows[i].self);
        snprintf(wanted, sizeof wanted,
                 "error: test:1: bad argument #1 to '?' (test.one expected, got %s)", rows[i].type);
        cr_expect_str_eq(fixture_lua(code), wanted);
    }
}

Test(sync, deadlines)
{
    fixture_define(deadline);
    cr_assert_str_eq(fixture_lua("return fn(), fn(nil), fn(1e300), fn(5), fn('5'), fn(0)"),
                     "never never never true true false");
    static const char *const wrong[] = {"-1", "'x'", "{}", "0/0", "true"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char code[64];
        snprintf(code, sizeof code, "return (fn(%s))", wrong[i]);
        cr_expect_str_eq(fixture_lua(code), "error: test:1: usage: one:wait([timeout])");
    }
}
