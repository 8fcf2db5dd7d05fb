/*
 * What the methods and functions of the module `socket` share: addresses as tables, arguments, and
 * whose sockets the running code makes.
 */
#include "binding/socket.h"

#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/number.h"
#include "net/address.h"
#include "net/sock.h"
#include "util/error.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- addresses ---- */

void socket_set_field(lua_State *L, const char *name, const char *value)
{
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

void socket_set_protocol(lua_State *L, int protocol)
{
    char name[16];
    if (protocol == 0)
        lua_pushinteger(L, 0);
    else
        lua_pushstring(L, address_protocol_name(protocol, name));
    lua_setfield(L, -2, "protocol");
}

static void socket_set_kind(lua_State *L, const struct sock *sock)
{
    socket_set_field(L, "type", address_type_name(sock_type(sock)));
    socket_set_protocol(L, sock_protocol(sock));
}

void socket_push_address(lua_State *L, const struct address *address, const struct sock *sock)
{
    struct address_text text;
    address_format(address, &text);
    luaL_checkstack(L, 4, NULL);
    lua_createtable(L, 0, sock != NULL ? 5 : 3);
    socket_set_field(L, "host", text.host);
    socket_set_field(L, "family", address_family_name(address->family));
    if (text.port >= 0)
        lua_pushinteger(L, text.port);
    else
        lua_pushstring(L, text.path);
    lua_setfield(L, -2, "port");
    if (sock != NULL)
        socket_set_kind(L, sock);
    lua_rawgeti(L, LUA_REGISTRYINDEX, binding_of(L)->address_meta);
    lua_setmetatable(L, -2);
}

const char *socket_address_text(const struct address *address, char *out)
{
    struct address_text text;
    address_format(address, &text);
    if (text.port < 0)
        snprintf(out, ADDRESS_STRING_MAX, "%s:%s", text.host, text.path);
    else
        snprintf(out, ADDRESS_STRING_MAX, "%s:%d", text.host, text.port);
    return out;
}

/* ---- arguments ---- */

uint64_t socket_deadline_of(lua_State *L, int index)
{
    lua_Number seconds = luaL_checknumber(L, index);
    if (isnan(seconds))
        failure_throw(L, "timeout: expected a number of seconds, got nan");
    return loop_deadline(seconds);
}

const char *socket_text(lua_State *L, int index)
{
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    return text != NULL && memchr(text, 0, length) == NULL ? text : NULL;
}

/* What no port and no path is; see socket_port. */
static const char socket_no_port[] = "";

const char *socket_port(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return NULL;
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number number = lua_tonumber(L, index);
        if (!(number >= 0 && number <= UINT16_MAX && number == floor(number)))
            return socket_no_port;
        lua_pushinteger(L, (lua_Integer)number); /* -0 is 0 */
        lua_replace(L, index);
    }
    luaL_checkstring(L, index);
    const char *text = socket_text(L, index);
    return text != NULL ? text : socket_no_port;
}

bool socket_take_host(lua_State *L, int index, const char **host)
{
    *host = lua_type(L, index) == LUA_TSTRING ? socket_text(L, index) : NULL;
    if (*host != NULL && strcmp(*host, "0") == 0)
        *host = NULL;
    else if (*host == NULL)
        return lua_type(L, index) == LUA_TNUMBER && lua_tonumber(L, index) == 0;
    return true;
}

int socket_parse_address(lua_State *L, int index, struct sock *sock, struct address *out)
{
    const char *host, *port = socket_port(L, index + 1);
    int error = -EINVAL;
    if (socket_take_host(L, index, &host))
        error = address_parse(out, sock_domain(sock), host, port);
    return error < 0 ? sock_fail(sock, error) : 0;
}

bool socket_constant(lua_State *L, int index, int (*find)(const char *name), int *out)
{
    if (lua_type(L, index) == LUA_TNUMBER) {
        *out = number_to_int(L, index);
        return true;
    }
    const char *name = lua_type(L, index) == LUA_TSTRING ? socket_text(L, index) : NULL;
    *out = name != NULL ? find(name) : -1;
    return *out >= 0;
}

uid_t socket_owner(lua_State *L)
{
    const struct fiber *fiber = fiber_current(L);
    return fiber != NULL ? fiber_owner(fiber) : geteuid();
}

int socket_take_kind(lua_State *L, int *domain, int *type, int *protocol)
{
    if (!socket_constant(L, 1, address_family, domain) ||
        !socket_constant(L, 2, address_type, type))
        return -EINVAL;
    *protocol = 0;
    if (lua_isnoneornil(L, 3) || socket_constant(L, 3, address_protocol, protocol))
        return 0;
    return lua_type(L, 3) == LUA_TSTRING ? -EPROTOTYPE : -EINVAL;
}
