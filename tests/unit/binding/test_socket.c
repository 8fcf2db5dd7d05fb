/* Socket objects, and what makes them, where C can see more than tests/lua. */
#include "binding_fixture.h"

#include "binding/socket.h"

#include <sys/socket.h>

TestSuite(socket, .init = fixture_up, .fini = fixture_down);

static size_t sockets(void)
{
    struct net_stats stats;
    net_stats(net, &stats);
    return stats.sockets;
}

static void collect(void)
{
    lua_gc(vm_main(binding_vm(binding)), LUA_GCCOLLECT, 0);
    lua_gc(vm_main(binding_vm(binding)), LUA_GCCOLLECT, 0);
}

Test(socket, the_collector_drops_the_reference)
{
    fixture_lua("kept = require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')"
                "require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')");
    collect();
    cr_assert_eq(sockets(), 1);
    fixture_lua("kept = nil");
    collect();
    cr_assert_eq(sockets(), 0);
}

Test(socket, belongs_to_the_fibers_owner)
{
    uint64_t id = fixture_start("require('fiber').sleep(0.001)"
                                "s = require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')"
                                "return s:id()");
    fiber_set_owner(fiber_find(binding_vm(binding), id), 12345);
    fixture_run();
    cr_assert_eq(sock_owner(net_find(net, 1)), 12345);
}

Test(socket, starts_non_blocking_when_told)
{
    struct binding_config config = {.nonblock = true};
    fixture_configure(&config);
    cr_assert_str_eq(fixture_lua("local socket = require('socket') "
                                 "local s = socket('AF_INET', 'SOCK_STREAM', 'tcp') "
                                 "local l, a = socket.tcp_server('127.0.0.1', 0, function(c)"
                                 " accepted = c:nonblock() end) "
                                 "local c = socket.tcp_connect('127.0.0.1', a.port) "
                                 "c:read(1) l:close() "
                                 "return s:nonblock(), c:nonblock(), l and accepted"),
                     "true true true");
}

static int forge(lua_State *L)
{
    /* As large as a handle, and yet none. */
    lua_newtable(L);
    memset(lua_newuserdata(L, sizeof(struct socket_handle)), 0, sizeof(struct socket_handle));
    lua_rawseti(L, -2, 1);
    lua_pushboolean(L, socket_handle(L, -1) != NULL);
    return 1;
}

Test(socket, forged_objects_are_no_sockets)
{
    fixture_define(forge);
    cr_assert_str_eq(fixture_lua("return fn()"), "false");
    cr_assert_not_null(strstr(fixture_lua("local s = require('socket')(2, 1, 6)"
                                          "return pcall(s.fd, {io.stdout})"),
                              "called with non-socket"));
    cr_assert_not_null(
        strstr(fixture_lua("local s = require('socket')(2, 1, 6)"
                           "return pcall(s.fd, setmetatable({'x'}, getmetatable(s)))"),
               "called with non-socket"));
}

Test(socket, at_the_limit_the_collector_is_asked_for_descriptors)
{
    cr_assert_str_eq(fixture_lua("local socket, count = require('socket'), 0 "
                                 "collectgarbage('stop') "
                                 "for i = 1, 100000 do"
                                 "  if socket('AF_INET', 'SOCK_STREAM', 'tcp') then"
                                 "    count = count + 1 end end "
                                 "collectgarbage('restart') return count"),
                     "100000");
}
