/* Socket objects: which socket they are of, and what becomes of both. */
#include "binding_fixture.h"

#include "binding/socket.h"
#include "util/cleanup.h"

#include <unistd.h>

TestSuite(socket_object, .init = fixture_up, .fini = fixture_down);

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

Test(socket_object, the_collector_drops_the_reference)
{
    fixture_lua("kept = require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')"
                "require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')");
    collect();
    cr_assert_eq(sockets(), 1);
    fixture_lua("kept = nil");
    collect();
    cr_assert_eq(sockets(), 0);
}

static int forge(lua_State *L)
{
    /* As large as a handle, and yet none. */
    struct sock *sock;
    lua_newtable(L);
    memset(lua_newuserdata(L, sizeof(struct socket_handle)), 0, sizeof(struct socket_handle));
    lua_rawseti(L, -2, 1);
    lua_pushboolean(L, socket_find(L, -1, &sock));
    return 1;
}

Test(socket_object, forged_ones_are_no_sockets)
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

/* ---- objects that hold no reference ---- */

static struct sock *held;

static int push_held(lua_State *L)
{
    socket_push_held(L, held);
    return 1;
}

static void hold(void)
{
    cr_assert_eq(sock_new(net, AF_INET, SOCK_STREAM, 0, getuid(), &held), 0);
    fixture_define(push_held);
}

static int no_number(lua_State *L)
{
    static int anything;
    uintptr_t addresses[] = {0, 1, 2, (uintptr_t)&anything, (uintptr_t)L, (uintptr_t)&addresses};
    struct sock *sock;
    int found = 0;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        lua_newtable(L);
        lua_pushlightuserdata(L, (void *)addresses[i]);
        lua_rawseti(L, -2, 1);
        found += socket_find(L, -1, &sock);
    }
    lua_pushinteger(L, found);
    return 1;
}

Test(socket_object, light_userdata_of_others_are_no_sockets)
{
    hold();
    fixture_define(no_number);
    cr_assert_str_eq(fixture_lua("return fn()"), "0");
    sock_unref(held);
}

Test(socket_object, of_one_that_is_held_elsewhere_survives_it)
{
    hold();
    cr_assert_str_eq(fixture_lua("s = fn() return s:id()"), "1");
    collect();
    cr_assert_eq(sockets(), 1);
    sock_unref(held);
    cr_assert_eq(sockets(), 0);
    cr_assert_not_null(
        strstr(fixture_lua("return pcall(s.fd, s)"), "attempt to use closed socket"));
    cr_assert_str_eq(fixture_lua("return s:close(), require('errno')(), s:close()"),
                     "false 9 false");
}

Test(socket_object, a_later_socket_is_not_taken_for_the_earlier)
{
    hold();
    fixture_lua("s = fn()");
    sock_unref(held);
    hold();
    cr_assert_str_eq(fixture_lua("return pcall(s.id, s), fn():id()"), "false 2");
    sock_unref(held);
}

Test(socket_object, closing_one_closes_all_of_the_same_socket)
{
    hold();
    cr_assert_str_eq(
        fixture_lua("local a, b = fn(), fn() local c = sockd.socket(a:id())"
                    "return a:close(), pcall(a.fd, a), pcall(b.fd, b), pcall(c.fd, c), b:close()"),
        "true false false false false");
    cr_assert_not(sock_is_open(held));
    sock_unref(held);
}

Test(socket_object, one_that_was_lent_is_back_unless_the_object_was_closed)
{
    hold();
    fixture_lua("s, t = fn(), fn()");
    cr_assert_geq(sock_lend(held), 0);
    cr_assert_str_eq(fixture_lua("return pcall(s.id, s), t:close()"), "false false");
    sock_take_back(held);
    cr_assert_str_eq(fixture_lua("return s:id(), (pcall(t.id, t))"), "1 false");
    sock_unref(held);
}

Test(socket_object, is_in_the_mode_of_new_ones)
{
    struct binding_config config = {.nonblock = true};
    fixture_configure(&config);
    hold();
    cr_assert_str_eq(fixture_lua("return fn():nonblock()"), "true");
    sock_unref(held);
}

Test(socket_object, numbers_may_be_larger_than_light_userdata)
{
    struct binding_config config = {0};
    struct net_config large = {.lookup_threads = 1, .first_id = UINT64_C(1) << 39};
    large.first_id--;
    binding_free(STEAL(binding));
    net_free(net);
    cr_assert_eq(net_new(&net, loop, &large), 0);
    fixture_configure(&config);
    for (int i = 0; i < 3; i++) {
        hold();
        cr_assert_str_eq(fixture_lua("s = fn() return s:id() % 2^20, s:nonblock()"),
                         i == 0   ? "1048575 false"
                         : i == 1 ? "0 false"
                                  : "1 false");
        sock_close(held);
        sock_unref(held);
        cr_assert_str_eq(fixture_lua("return pcall(s.id, s), s:close(), s:close()"),
                         "false false false");
    }
}
