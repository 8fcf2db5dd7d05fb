/*
 * Socket objects: tables, as scripts for Tarantool expect, whose first element says which socket.
 *
 * It is a userdata that holds a reference, and whose finalizer drops it. Or, where somebody else
 * holds the socket until it is closed, a light userdata with the socket's number, which costs
 * neither memory nor the collector's time. Numbers are never given twice: an object that outlives
 * its socket finds nobody.
 */
#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/socket.h"
#include "net/net.h"
#include "net/sock.h"
#include "util/error.h"

#include <lauxlib.h>

#define SOCKET_MAGIC       UINT64_C(0x736f636b645f6c75)

/*
 * A number as a light userdata. The upper bits are those of no address, so that no pointer that a
 * script comes by is taken for a socket. LuaJIT knows light userdata by 39 bits and by which of 255
 * patterns the others are, so larger numbers are not for it.
 */
#define SOCKET_NUMBER      (UINT64_C(0x736f) << 48)
#define SOCKET_NUMBER_BITS 39
#define SOCKET_NUMBER_MAX  ((UINT64_C(1) << SOCKET_NUMBER_BITS) - 1)

/* No socket has it. */
#define SOCKET_NOBODY      0

static bool socket_is_number(const void *value)
{
    return ((uintptr_t)value & ~SOCKET_NUMBER_MAX) == SOCKET_NUMBER;
}

static void socket_push_number(lua_State *L, uint64_t number)
{
    lua_pushlightuserdata(L, (void *)(uintptr_t)(SOCKET_NUMBER | number));
}

/* Pushes an object whose first element the caller sets. */
static void socket_push_table(lua_State *L, const struct binding *binding)
{
    luaL_checkstack(L, 4, NULL);
    lua_createtable(L, 1, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, binding->socket_meta);
    lua_setmetatable(L, -2);
}

struct socket_handle *socket_push(lua_State *L)
{
    const struct binding *binding = binding_of(L);
    socket_push_table(L, binding);
    struct socket_handle *handle = lua_newuserdata(L, sizeof *handle);
    handle->magic = SOCKET_MAGIC;
    handle->sock = NULL;
    lua_rawgeti(L, LUA_REGISTRYINDEX, binding->handle_meta);
    lua_setmetatable(L, -2);
    lua_rawseti(L, -2, 1);
    return handle;
}

void socket_adopt(lua_State *L, struct socket_handle *handle, struct sock *sock)
{
    handle->sock = sock;
    sock_set_nonblock(sock, binding_of(L)->nonblock);
}

void socket_push_held(lua_State *L, struct sock *sock)
{
    const struct binding *binding = binding_of(L);
    if (sock_id(sock) > SOCKET_NUMBER_MAX) {
        socket_adopt(L, socket_push(L), sock_ref(sock));
        return;
    }
    socket_push_table(L, binding);
    socket_push_number(L, sock_id(sock));
    lua_rawseti(L, -2, 1);
    sock_set_nonblock(sock, binding->nonblock);
}

/* ---- finding the socket ---- */

/* The handle in a value that lua_touserdata gave, which is on top of the stack; or NULL. */
static struct socket_handle *socket_handle(lua_State *L, void *value)
{
    struct socket_handle *handle = value;
    if (handle == NULL || lua_objlen(L, -1) != sizeof *handle || handle->magic != SOCKET_MAGIC)
        return NULL;
    return handle;
}

static struct sock *socket_of_number(lua_State *L, const void *value)
{
    return net_find(binding_of(L)->net, (uintptr_t)value & SOCKET_NUMBER_MAX);
}

/* socket_find, which leaves the first element on the stack if there is a table. */
static inline bool socket_look_into(lua_State *L, int index, struct sock **sock)
{
    if (lua_type(L, index) != LUA_TTABLE)
        return false;
    lua_rawgeti(L, index, 1);
    void *value = lua_touserdata(L, -1);
    if (socket_is_number(value)) {
        *sock = socket_of_number(L, value);
        return true;
    }
    const struct socket_handle *handle = socket_handle(L, value);
    if (handle == NULL)
        return false;
    *sock = handle->sock != NULL && sock_is_open(handle->sock) ? handle->sock : NULL;
    return true;
}

bool socket_find(lua_State *L, int index, struct sock **sock)
{
    int top = lua_gettop(L);
    bool is_object = socket_look_into(L, index, sock);
    lua_settop(L, top);
    return is_object;
}

int socket_refuse(lua_State *L, int index)
{
    return failure_throw(L, lua_isnoneornil(L, index)
                                ? "Usage: socket:method()"
                                : "Usage: socket:method(), called with non-socket");
}

/* What is no open socket. */
COLD static void socket_throw(lua_State *L, int index, bool is_object)
{
    if (!is_object)
        socket_refuse(L, index);
    failure_throw(L, "attempt to use closed socket");
}

struct sock *socket_check_at(lua_State *L, int index)
{
    struct sock *sock = NULL;
    bool is_object = socket_find(L, index, &sock);
    if (sock == NULL)
        socket_throw(L, index, is_object);
    return sock;
}

struct sock *socket_check(lua_State *L)
{
    return socket_check_at(L, 1);
}

struct sock *socket_check_quickly(lua_State *L)
{
    struct sock *sock = NULL;
    bool is_object = socket_look_into(L, 1, &sock);
    if (__builtin_expect(sock == NULL, 0))
        socket_throw(L, 1, is_object);
    return sock;
}

/* ---- the end ---- */

bool socket_take(lua_State *L, int index, struct sock **sock)
{
    struct sock *open = NULL;
    if (!socket_find(L, index, &open))
        return false;
    lua_rawgeti(L, index, 1);
    void *value = lua_touserdata(L, -1);
    if (socket_is_number(value)) {
        *sock = open != NULL ? sock_ref(open) : NULL;
        socket_push_number(L, SOCKET_NOBODY);
        lua_rawseti(L, index, 1);
    } else {
        struct socket_handle *handle = value;
        *sock = handle->sock;
        handle->sock = NULL;
    }
    lua_pop(L, 1);
    return true;
}

int socket_collect(lua_State *L)
{
    struct socket_handle *handle = lua_touserdata(L, 1);
    if (handle->magic == SOCKET_MAGIC)
        sock_unref(handle->sock);
    handle->sock = NULL;
    return 0;
}
