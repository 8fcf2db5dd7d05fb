/* Between operations and fibers. */
#include "binding_fixture.h"

#include "binding/wait.h"

#include <unistd.h>

static int peer;
static struct sock *sock;

static void setup(void)
{
    int fds[2];
    fixture_up();
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    cr_assert_eq(sock_adopt(net, fds[0], geteuid(), &sock), 0);
    peer = fds[1];
}

static void teardown(void)
{
    close(peer);
    sock_unref(sock);
    fixture_down();
}

TestSuite(wait, .init = setup, .fini = teardown);

static bool pushes_fail;

static int push(lua_State *L, struct op *op)
{
    if (pushes_fail)
        return luaL_error(L, "no push");
    if (op->status < 0)
        lua_pushinteger(L, op->status);
    else
        lua_pushlstring(L, (const char *)op->in.data, op->in.length);
    op_consume(op);
    return 1;
}

/* fn([timeout]): what is there. */
static int take(lua_State *L)
{
    uint64_t deadline = lua_isnil(L, 1) ? LOOP_NEVER : loop_deadline(luaL_optnumber(L, 1, 1000));
    struct wait spare, *wait = wait_begin(L, &spare);
    op_sysread(&wait->op, sock, 100);
    return wait_run(L, wait, deadline, push);
}

/* Defines fn as take, with the code around it that lua/ has for every call that waits. */
static void define_take(void)
{
    fixture_define(wait_finish);
    fixture_lua("finish = fn");
    fixture_define(take);
    fixture_lua("raw = fn "
                "function fn(...) "
                "    local result = raw(...) "
                "    if result ~= nil then return result end "
                "    return finish() "
                "end");
}

Test(wait, an_operation_that_completes_at_once)
{
    define_take();
    cr_assert_eq(write(peer, "here", 4), 4);
    cr_assert_str_eq(fixture_lua("return fn(), require('errno')()"), "here 0");
}

Test(wait, an_operation_that_completes_later)
{
    define_take();
    fixture_start("result = {fn(), require('errno')()}");
    cr_assert_eq(write(peer, "here", 4), 4);
    fixture_run();
    cr_assert_str_eq(fixture_lua("return unpack(result)"), "here 0");
}

Test(wait, a_deadline)
{
    define_take();
    cr_assert_str_eq(fixture_lua("return fn(0.001), require('errno')()"), "-110 110");
    cr_assert_str_eq(fixture_lua("return fn(0), require('errno')()"), "-110 110");
}

#define WITHIN_C(text) \
    "return ('%s'):format(setmetatable({}, {__tostring = function() " text " end}))"

Test(wait, where_nobody_can_wait_it_is_tried_once)
{
    define_take();
    cr_assert_eq(write(peer, "here", 4), 4);
    cr_assert_str_eq(fixture_lua(WITHIN_C("return fn()")), "here");
    cr_assert_str_eq(fixture_lua(WITHIN_C("fn()")),
                     "error: test:1: cannot wait here: called from within a C function");
    cr_assert_str_eq(fixture_lua(WITHIN_C("return tostring(fn(0))")), "-110");
}

Test(wait, a_push_that_throws_leaves_the_bytes_for_the_next_call)
{
    define_take();
    cr_assert_eq(write(peer, "here", 4), 4);
    pushes_fail = true;
    cr_assert_not_null(strstr(fixture_lua("return pcall(fn)"), "no push"));
    cr_assert_not_null(
        strstr(fixture_lua("return pcall(table.sort, {1, 2}, function() fn() end)"), "no push"));
    cr_assert_not_null(strstr(fixture_lua("pcall(fn) return pcall(fn)"), "no push"));
    pushes_fail = false;
    cr_assert_str_eq(fixture_lua("return fn()"), "here");
}

Test(wait, a_push_that_throws_after_a_wait_leaves_the_bytes_too)
{
    define_take();
    pushes_fail = true;
    fixture_start("result = {pcall(fn)}");
    cr_assert_eq(write(peer, "here", 4), 4);
    fixture_run();
    pushes_fail = false;
    cr_assert_str_eq(fixture_lua("return unpack(result)"), "false no push");
    cr_assert_str_eq(fixture_lua("return fn()"), "here");
}

Test(wait, what_has_not_waited_has_nothing_to_finish)
{
    define_take();
    cr_assert_eq(write(peer, "here", 4), 4);
    pushes_fail = true;
    cr_assert_str_eq(fixture_lua("pcall(fn) return finish()"), "nil");
    pushes_fail = false;
    cr_assert_str_eq(fixture_lua("local got "
                                 "table.sort({1, 2}, function() got = {finish()} return false end)"
                                 "return #got, fn(), finish()"),
                     "0 here nil");
}

Test(wait, cancelled_it_throws_and_takes_nothing)
{
    define_take();
    uint64_t id = fixture_start("result = {pcall(fn)}");
    fiber_cancel(fiber_find(binding_vm(binding), id));
    fixture_run();
    cr_assert_str_eq(fixture_lua("return unpack(result)"), "false fiber is cancelled");
    cr_assert_eq(write(peer, "here", 4), 4);
    cr_assert_str_eq(fixture_lua("return fn()"), "here");
}

Test(wait, cancelled_before_it_throws)
{
    define_take();
    uint64_t id = fixture_start("pcall(require('fiber').sleep, 100) fn()");
    fiber_cancel(fiber_find(binding_vm(binding), id));
    fixture_run();
    cr_assert_str_eq(fixture_lua("return 1"), "1");
}

Test(wait, a_wakeup_does_not_end_it)
{
    define_take();
    uint64_t id = fixture_start("result = fn()");
    fiber_wakeup(fiber_find(binding_vm(binding), id));
    fixture_run_rounds(3);
    cr_assert_eq(write(peer, "here", 4), 4);
    fixture_run();
    cr_assert_str_eq(fixture_lua("return result"), "here");
}

Test(wait, abandoned_it_leaves_the_socket_usable)
{
    define_take();
    fixture_start("fn()");
    struct binding_config config = {0};
    fixture_configure(&config);
    define_take();
    cr_assert_eq(write(peer, "here", 4), 4);
    cr_assert_str_eq(fixture_lua("return fn()"), "here");
}
