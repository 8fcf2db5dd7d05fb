/* Errors as scripts see them. */
#include "binding_fixture.h"

#include "binding/failure.h"
#include "util/error.h"

#include <netdb.h>

TestSuite(failure, .init = fixture_up, .fini = fixture_down);

Test(failure, numbers)
{
    cr_assert_eq(failure_errno(0), 0);
    cr_assert_eq(failure_errno(1), 0);
    cr_assert_eq(failure_errno(-EPIPE), EPIPE);
    cr_assert_eq(failure_errno(error_from_eai(EAI_NONAME)), EIO);
}

static int return_all(lua_State *L)
{
    int error = (int)lua_tointeger(L, 1);
    int count = failure_or_true(L, error);
    count += failure_nil_text(L, error);
    lua_pushliteral(L, "first");
    count += failure_full(L, error);
    lua_pushinteger(L, fiber_errno(fiber_current(L)));
    return count + 1;
}

Test(failure, results)
{
    fixture_define(return_all);
    cr_assert_str_eq(fixture_lua("return fn(-32)"),
                     "false nil Broken pipe first error 32 Broken pipe 32");
    cr_assert_str_eq(fixture_lua("return fn(-110)"), "false nil Connection timed out first timeout "
                                                     "110 Connection timed out 110");
    cr_assert_str_eq(fixture_lua("return (fn(0))"), "true");
    cr_assert_not_null(strstr(fixture_lua("return fn(-10002)"), gai_strerror(EAI_NONAME)));
}

static int throw(lua_State * L)
{
    return failure_throw(L, "with a number: %d", 5);
}

Test(failure, thrown_ones_name_the_place_in_the_script)
{
    fixture_define(throw);
    cr_assert_str_eq(fixture_lua("local x\n\nfn()"), "error: test:3: with a number: 5");
    cr_assert_str_eq(fixture_lua("\nrequire('socket').tcp_connect()"),
                     "error: test:2: Usage: socket.tcp_connect(host[, port[, timeout]])");
}
