/*
 * The module `socket`: what makes sockets, and what their methods need. lua/socket.lua puts the
 * rest on top.
 */
#include "binding/socket.h"

#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/flags.h"
#include "binding/listening.h"
#include "binding/number.h"
#include "binding/wait.h"
#include "net/sock.h"
#include "net/target.h"
#include "util/error.h"

#include <lauxlib.h>
#include <math.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char socket_zero_byte[] = "host: a zero byte cannot be part of it";

static int socket_refuse_place(lua_State *L, const char *fault)
{
    failure_nil(L, -EINVAL);
    lua_pushstring(L, fault);
    return 2;
}

/* ---- making sockets ---- */

/* socket(domain, type, protocol) */
static int socket_new(lua_State *L)
{
    const struct binding *binding = binding_of(L);
    int domain, type, protocol;
    int error = lua_isnoneornil(L, 3) ? -EINVAL : socket_take_kind(L, &domain, &type, &protocol);
    if (error < 0)
        return failure_nil(L, error);
    struct socket_handle *handle = socket_push(L);
    struct sock *sock;
    error = sock_new(binding->net, domain, type, protocol, socket_owner(L), &sock);
    if (error == -EMFILE) { /* the collector may know of sockets that nobody uses */
        lua_gc(L, LUA_GCCOLLECT, 0);
        error = sock_new(binding->net, domain, type, protocol, socket_owner(L), &sock);
    }
    if (error < 0)
        return failure_nil(L, error);
    socket_adopt(L, handle, sock);
    failure_note(L, 0);
    return 1;
}

static int socket_push_made(lua_State *L, struct op *op)
{
    if (op->status < 0) {
        lua_pushnil(L);
        failure_push_text(L, op->status);
        return 2;
    }
    struct socket_handle *handle = socket_push(L);
    socket_adopt(L, handle, op_take_sock(op));
    return 1;
}

/* tcp_connect(host[, port[, timeout]]) */
static int socket_tcp_connect(lua_State *L)
{
    if (!lua_isstring(L, 1))
        return failure_throw(L, "Usage: socket.tcp_connect(host[, port[, timeout]])");
    const char *host = socket_text(L, 1), *port = socket_port(L, 2);
    uint64_t deadline = socket_deadline(L, 3);
    const char *fault = socket_zero_byte;
    if (host != NULL)
        fault = port != NULL ? target_fault(host, port) : target_fault_of_url(host);
    if (fault != NULL)
        return socket_refuse_place(L, fault);
    struct wait spare, *wait = wait_begin(L, &spare);
    op_tcp_connect(&wait->op, binding_of(L)->net, socket_owner(L), host, port);
    return wait_run(L, wait, deadline, socket_push_made);
}

/* listen(host, port[, timeout]), for tcp_server */
static int socket_tcp_listen(lua_State *L)
{
    const char *host, *port = socket_port(L, 2);
    if (!socket_take_host(L, 1, &host))
        return failure_nil_text(L, -EINVAL);
    uint64_t deadline = socket_deadline(L, 3);
    const char *fault = target_fault(host, port);
    if (fault != NULL)
        return socket_refuse_place(L, fault);
    struct wait spare, *wait = wait_begin(L, &spare);
    op_tcp_listen(&wait->op, binding_of(L)->net, socket_owner(L), host, port, 0);
    listening_let_claim(L, &wait->op);
    return wait_run(L, wait, deadline, socket_push_made);
}

/* listen_at(sock, host, port, backlog): true; or false and the sentence */
static int socket_listen_at(lua_State *L)
{
    struct sock *sock = socket_check(L);
    struct address address;
    int error = socket_parse_address(L, 2, sock, &address);
    if (error == 0)
        error = sock_listen_at(sock, &address, number_opt_int(L, 4, 0));
    failure_or_true(L, error);
    failure_push_text(L, error);
    return 2;
}

/* ---- looking names up ---- */

static void socket_push_found(lua_State *L, const struct addrinfo *found)
{
    struct address address;
    address_set(&address, found->ai_addr, found->ai_addrlen);
    socket_push_address(L, &address, NULL);
    socket_set_field(L, "type", address_type_name(found->ai_socktype));
    socket_set_protocol(L, found->ai_protocol);
    if (found->ai_canonname != NULL)
        socket_set_field(L, "canonname", found->ai_canonname);
}

static int socket_push_list(lua_State *L, struct op *op)
{
    if (op->status < 0) {
        lua_pushnil(L);
        failure_push_text(L, op->status);
        return 2;
    }
    int count = 0;
    lua_newtable(L);
    for (const struct addrinfo *found = op->found.list; found != NULL; found = found->ai_next) {
        socket_push_found(L, found);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

/* resolve(host, service, timeout, family, type, protocol, flags), numbers or nil */
static int socket_resolve(lua_State *L)
{
    luaL_optstring(L, 1, NULL);
    const char *host = socket_text(L, 1), *service = socket_port(L, 2);
    uint64_t deadline = socket_deadline(L, 3);
    const char *fault = target_fault(host, service);
    if (host == NULL && !lua_isnoneornil(L, 1))
        fault = socket_zero_byte;
    if (fault != NULL)
        return socket_refuse_place(L, fault);
    struct addrinfo hints = {
        .ai_family = number_opt_int(L, 4, AF_UNSPEC),
        .ai_socktype = number_opt_int(L, 5, 0),
        .ai_protocol = number_opt_int(L, 6, 0),
        .ai_flags = number_opt_int(L, 7, 0),
    };
    struct wait spare, *wait = wait_begin(L, &spare);
    op_resolve(&wait->op, binding_of(L)->net, host, service, &hints);
    return wait_run(L, wait, deadline, socket_push_list);
}

/* ---- opening ---- */

/* protocol(name): its number, or nil */
static int socket_protocol(lua_State *L)
{
    int number;
    if (socket_constant(L, 1, address_protocol, &number))
        lua_pushinteger(L, number);
    else
        lua_pushnil(L);
    return 1;
}

static const luaL_Reg socket_functions[] = {
    {"new", socket_new},
    {"tcp_connect", socket_tcp_connect},
    {"listen", socket_tcp_listen},
    {"listen_at", socket_listen_at},
    {"resolve", socket_resolve},
    {"protocol", socket_protocol},
    {NULL, NULL},
};

static int socket_address_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_getfield(L, 1, "host");
    lua_getfield(L, 1, "port");
    const char *host = lua_tostring(L, -2), *port = lua_tostring(L, -1);
    lua_pushfstring(L, "%s:%s", host != NULL ? host : "?", port != NULL ? port : "?");
    return 1;
}

static int socket_make_meta(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_newtable(L);
    lua_pushcfunction(L, fn);
    lua_setfield(L, -2, name);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

static void socket_push_methods(lua_State *L)
{
    lua_newtable(L);
    luaL_register(L, NULL, socket_io_methods);
    luaL_register(L, NULL, socket_state_methods);
    luaL_register(L, NULL, socket_message_methods);
    luaL_register(L, NULL, socket_option_methods);
    luaL_register(L, NULL, socket_fd_methods);
}

/* What socket.internal shows, and what lua/ looks names up in. */
static void socket_set_names(lua_State *L)
{
    static const struct {
        const char *name;
        const struct named_number *table;
    } tables[] = {
        {"DOMAIN", socket_domains},
        {"SO_TYPE", socket_types},
        {"SEND_FLAGS", message_flags},
        {"AI_FLAGS", lookup_flags},
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        flags_push(L, tables[i].table);
        lua_setfield(L, -2, tables[i].name);
    }
    socket_push_options(L);
    lua_setfield(L, -2, "SO_OPT");
}

void socket_open(lua_State *L, struct binding *binding, int internals)
{
    binding->handle_meta = socket_make_meta(L, "__gc", socket_collect);
    binding->address_meta = socket_make_meta(L, "__tostring", socket_address_tostring);
    lua_newtable(L);
    luaL_register(L, NULL, socket_functions);
    luaL_register(L, NULL, socket_fd_functions);
    socket_set_names(L);
    lua_newtable(L); /* the metatable of sockets */
    socket_push_methods(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, "methods");
    lua_getfield(L, -1, "tostring");
    lua_setfield(L, -3, "__tostring");
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "meta");
    binding->socket_meta = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_setfield(L, internals, "socket");
}
