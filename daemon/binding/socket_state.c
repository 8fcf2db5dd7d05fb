/*
 * Socket methods that never wait: binding, ending, and what is known about a socket.
 */
#include "binding/failure.h"
#include "binding/listening.h"
#include "binding/number.h"
#include "binding/socket.h"
#include "net/sock.h"
#include "util/error.h"

#include <lauxlib.h>
#include <string.h>

/* ---- doing ---- */

static int socket_bind(lua_State *L)
{
    struct sock *sock = socket_check(L);
    struct address address;
    int error = socket_parse_address(L, 2, sock, &address);
    if (error == 0)
        error = sock_bind(sock, &address);
    if (error == 0)
        return failure_or_true(L, 0);
    lua_pushnil(L);
    return failure_full(L, error);
}

static int socket_listen(lua_State *L)
{
    struct sock *sock = socket_check(L);
    lua_Number backlog = luaL_optnumber(L, 2, SOMAXCONN);
    int error =
        number_fits_int(backlog) ? sock_listen(sock, (int)backlog) : sock_fail(sock, -EINVAL);
    if (error == 0)
        listening_enlist(L, sock);
    return failure_or_true(L, error);
}

/* Tarantool's words for the halves; whatever is none of them means both. */
static int socket_how(lua_State *L, int index)
{
    static const struct {
        const char *name;
        int how;
    } words[] = {
        {"R", SHUT_RD}, {"READ", SHUT_RD},  {"receive", SHUT_RD},
        {"W", SHUT_WR}, {"WRITE", SHUT_WR}, {"send", SHUT_WR},
    };
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Integer how = lua_tointeger(L, index);
        return how == SHUT_RD || how == SHUT_WR ? (int)how : SHUT_RDWR;
    }
    const char *word = lua_tostring(L, index);
    for (size_t i = 0; word != NULL && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(word, words[i].name) == 0)
            return words[i].how;
    return SHUT_RDWR;
}

static int socket_shutdown(lua_State *L)
{
    struct sock *sock = socket_check(L);
    return failure_or_true(L, sock_shutdown(sock, socket_how(L, 2)));
}

static int socket_close(lua_State *L)
{
    struct sock *sock;
    if (!socket_take(L, 1, &sock))
        return socket_refuse(L, 1);
    int error = sock != NULL ? sock_close(sock) : -EBADF;
    sock_unref(sock);
    return failure_or_true(L, error);
}

/* ---- knowing ---- */

static int socket_errno(lua_State *L)
{
    lua_pushinteger(L, sock_errno(socket_check(L)));
    return 1;
}

static int socket_error(lua_State *L)
{
    int error = sock_errno(socket_check(L));
    if (error != 0)
        failure_push_text(L, -error);
    else
        lua_pushnil(L);
    return 1;
}

static int socket_nonblock(lua_State *L)
{
    struct sock *sock = socket_check(L);
    if (!lua_isnoneornil(L, 2))
        sock_set_nonblock(sock, lua_toboolean(L, 2));
    lua_pushboolean(L, sock_nonblock(sock));
    return 1;
}

static int socket_push_asked(lua_State *L, const struct sock *sock, int error,
                             const struct address *address)
{
    if (error < 0)
        return failure_nil(L, error);
    socket_push_address(L, address, sock);
    failure_note(L, 0);
    return 1;
}

static int socket_name(lua_State *L)
{
    struct address address;
    struct sock *sock = socket_check(L);
    int error = sock_name(sock, &address);
    return socket_push_asked(L, sock, error, &address);
}

static int socket_peer(lua_State *L)
{
    struct address address;
    struct sock *sock = socket_check(L);
    int error = sock_peer(sock, &address);
    return socket_push_asked(L, sock, error, &address);
}

static int socket_fd(lua_State *L)
{
    lua_pushinteger(L, sock_expose(socket_check(L)));
    return 1;
}

static int socket_id(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)sock_id(socket_check(L)));
    return 1;
}

/* Appends ", aka HOST:PORT" or ", peer HOST:PORT" if there is such an address. */
static void socket_append_address(lua_State *L, const char *label, const struct address *address)
{
    char text[ADDRESS_STRING_MAX];
    lua_pushfstring(L, ", %s %s", label, socket_address_text(address, text));
    lua_concat(L, 2);
}

/* Asks the kernel without leaving a trace in the socket's last error. */
static int socket_tostring(lua_State *L)
{
    struct sock *sock = socket_check(L);
    struct sockaddr_storage found;
    struct address address;
    lua_pushfstring(L, "fd %d", sock_fd(sock));
    socklen_t length = sizeof found;
    if (getsockname(sock_fd(sock), (struct sockaddr *)&found, &length) == 0) {
        address_set(&address, (struct sockaddr *)&found, length);
        socket_append_address(L, "aka", &address);
    }
    length = sizeof found;
    if (getpeername(sock_fd(sock), (struct sockaddr *)&found, &length) == 0) {
        address_set(&address, (struct sockaddr *)&found, length);
        socket_append_address(L, "peer", &address);
    }
    return 1;
}

const luaL_Reg socket_state_methods[] = {
    {"bind", socket_bind},
    {"close", socket_close},
    {"errno", socket_errno},
    {"error", socket_error},
    {"fd", socket_fd},
    {"id", socket_id},
    {"listen", socket_listen},
    {"name", socket_name},
    {"nonblock", socket_nonblock},
    {"peer", socket_peer},
    {"shutdown", socket_shutdown},
    {"tostring", socket_tostring},
    {NULL, NULL},
};
