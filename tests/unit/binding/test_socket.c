/* What makes sockets, where C can see more than tests/lua. */
#include "binding_fixture.h"

#include <sys/socket.h>

TestSuite(socket, .init = fixture_up, .fini = fixture_down);

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
