/* The modules together: what is there, what a service lacks, and when all is quiet. */
#include "binding_fixture.h"

#include <unistd.h>

TestSuite(binding, .init = fixture_up, .fini = fixture_down);

Test(binding, the_modules_are_there)
{
    cr_assert_str_eq(fixture_lua("local found = {} "
                                 "for _, name in ipairs({'socket', 'fiber', 'errno', 'log',"
                                 " 'sockd', 'box'}) do"
                                 "  found[#found + 1] = type(require(name)) end "
                                 "return table.concat(found, ' ')"),
                     "table table table table table table");
}

Test(binding, a_state_leads_to_it)
{
    cr_assert_eq(binding_of(vm_main(binding_vm(binding))), binding);
    cr_assert_eq(binding_net(binding), net);
}

Test(binding, a_service_cannot_be_ended_or_seized)
{
    struct binding_config config = {.service = true};
    fixture_configure(&config);
    cr_assert_str_eq(fixture_lua("os.exit(1)"),
                     "error: test:1: os.exit is not available in a service");
    cr_assert_not_null(strstr(fixture_lua("debug.sethook()"), "not available in a service"));
    cr_assert_not_null(strstr(fixture_lua("require('ffi')"), "start sockd with --ffi"));
    cr_assert_not_null(strstr(fixture_lua("require('ffi')"), "start sockd with --ffi"),
                       "also the second time");
    cr_assert_not_null(strstr(fixture_lua("return select(2, package.loadlib('x', 'y'))"),
                              "start sockd with --ffi"));
}

Test(binding, a_service_may_have_ffi)
{
    struct binding_config config = {.service = true, .ffi = true};
    fixture_configure(&config);
    cr_assert_str_eq(fixture_lua("return require('ffi').sizeof('int')"), "4");
}

Test(binding, the_program_of_its_own_has_all_of_the_library)
{
    cr_assert_str_eq(fixture_lua("return require('ffi').sizeof('int'), type(debug.sethook)"),
                     "4 function");
}

Test(binding, exit_ends_the_process, .exit_code = 7)
{
    fixture_lua("os.exit(7)");
}

static void note_idle(void *context)
{
    ++*(int *)context;
    loop_stop(loop);
}

Test(binding, says_when_all_is_quiet)
{
    int idle = 0;
    fixture_start("require('fiber').sleep(0.001)");
    binding_set_idle(binding, note_idle, &idle);
    cr_assert_eq(binding_busy(binding), 1);
    cr_assert_eq(loop_run(loop), 0);
    cr_assert_eq(idle, 1);
    cr_assert_eq(binding_busy(binding), 0);
}

Test(binding, servers_keep_it_busy)
{
    fixture_start("server = require('socket').tcp_server('127.0.0.1', 0, print)");
    fixture_run_rounds(10);
    cr_assert_eq(binding_busy(binding), 1);
    fixture_start("server:close()");
    fixture_run();
    cr_assert_eq(binding_busy(binding), 0);
}

Test(binding, ends_with_everything_under_way)
{
    fixture_start("local socket, fiber = require('socket'), require('fiber') "
                  "server, address = socket.tcp_server('127.0.0.1', 0, function(s) s:read(1) end) "
                  "client = socket.tcp_connect('127.0.0.1', address.port) "
                  "fiber.create(function() client:read(1) end) "
                  "fiber.create(function() client:write(('x'):rep(10000000)) end) "
                  "fiber.create(function() fiber.sleep(100) end) "
                  "socket.tcp_connect('no such host.invalid', 1)");
    fixture_run_rounds(5);
}
