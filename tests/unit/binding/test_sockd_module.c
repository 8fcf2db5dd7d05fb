/* The module sockd. */
#include "binding_fixture.h"

#include <sys/socket.h>
#include <unistd.h>

TestSuite(sockd_module, .init = fixture_up, .fini = fixture_down);

Test(sockd_module, finds_sockets_by_number)
{
    char code[128];
    struct sock *sock;
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, geteuid(), &sock), 0);
    sock_keep(sock);
    snprintf(code, sizeof code, "local s = sockd.socket(%d) return s:id(), s:fd()",
             (int)sock_id(sock));
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%d %d", (int)sock_id(sock), sock_fd(sock));
    cr_assert_str_eq(fixture_lua(code), wanted);
    lua_gc(vm_main(binding_vm(binding)), LUA_GCCOLLECT, 0);
    cr_assert(sock_is_open(sock), "a kept one outlives its objects");
    sock_close(sock);
    cr_assert_str_eq(fixture_lua(code), "error: test:1: attempt to index local 's' (a nil value)");
    sock_unref(sock);
}

Test(sockd_module, knows_no_other_numbers)
{
    cr_assert_str_eq(fixture_lua("return sockd.socket(0), sockd.socket(-1), sockd.socket(1e15)"),
                     "nil nil nil");
    cr_assert_not_null(strstr(fixture_lua("sockd.socket('x')"), "number expected"));
}
