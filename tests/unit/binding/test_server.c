/* Accept loops with handlers in Lua, where C can see more than tests/lua. */
#include "binding_fixture.h"

#include "binding/server.h"

#include <unistd.h>

TestSuite(server, .init = fixture_up, .fini = fixture_down);

static struct sock *listener;

static void listen_anywhere(void)
{
    struct address address;
    cr_assert_eq(address_parse(&address, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(sock_new_listener(net, &address, 0, 12345, &listener), 0);
}

static int serve(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushinteger(L, server_serve(L, listener, "named", "labelled"));
    return 1;
}

Test(server, serves_a_listener_for_its_owner)
{
    listen_anywhere();
    fixture_define(serve);
    fixture_start("return fn(function(c) local s = require('socket')(2, 1, 6) id = s:id() kept = s"
                  " name = require('fiber').name() end)");
    cr_assert_str_eq(server_label(binding, listener), "labelled");
    fixture_start("local l = sockd.socket(1) local c = require('socket').tcp_connect('127.0.0.1',"
                  "l:name().port) c:read(1) l:close()");
    fixture_run();
    cr_assert_null(server_label(binding, listener));
    cr_assert_eq(sock_owner(net_find(net, 4)), 12345);
    cr_assert_str_eq(fixture_lua("kept:close() return id, name:match('^named/127')"),
                     "4 named/127");
    sock_unref(listener);
}

Test(server, stops_without_closing)
{
    listen_anywhere();
    fixture_define(serve);
    fixture_start("fn(print)");
    cr_assert_eq(binding_busy(binding), 1);
    server_stop_all(binding);
    cr_assert_eq(binding_busy(binding), 0);
    cr_assert(sock_is_open(listener));
    sock_unref(listener);
}

Test(server, a_connection_without_memory_is_refused_and_the_next_is_served)
{
    struct binding_config config = {.memory = 8 << 20};
    fixture_configure(&config);
    cr_assert_str_eq(
        fixture_lua(
            "local socket, fiber = require('socket'), require('fiber') "
            "local l, a = socket.tcp_server('127.0.0.1', 0, function(c) c:write('hello') end)"
            "local answers = {}"
            "for i = 1, 3 do"
            "  local hoard = {}"
            "  if i == 2 then pcall(function() while true do"
            "    hoard[#hoard + 1] = ('x'):rep(5000) .. #hoard end end) end "
            "  hoard = nil "
            "  local c = socket.tcp_connect('127.0.0.1', a.port)"
            "  answers[#answers + 1] = c:read(5) end "
            "l:close() return table.concat(answers, ' ')"),
        "hello hello hello");
}
