/*
 * Methods of sockets that send and receive messages with addresses.
 */
#include "binding/failure.h"
#include "binding/socket.h"
#include "binding/wait.h"
#include "fiber/vm.h"
#include "net/sock.h"
#include "util/error.h"

#include <lauxlib.h>

static int socket_push_failure(lua_State *L, int error)
{
    lua_pushnil(L);
    return failure_full(L, error);
}

static int socket_push_sent_to(lua_State *L, struct op *op)
{
    if (op->status < 0)
        return socket_push_failure(L, op->status);
    lua_pushnumber(L, (lua_Number)op->out.sent);
    return 1;
}

static int socket_push_message(lua_State *L, struct op *op)
{
    if (op->status < 0)
        return socket_push_failure(L, op->status);
    const struct address *from = op_sender(op);
    vm_push_bytes(L, op->in.data, op->in.length);
    if (from != NULL && from->length > 0)
        socket_push_address(L, from, NULL);
    else
        lua_pushnil(L);
    op_consume(op);
    return 2;
}

/* sock:sendto(host, port, data[, flags]) */
static int socket_sendto(lua_State *L)
{
    struct sock *sock = socket_check(L);
    size_t length;
    const char *data = lua_tolstring(L, 4, &length);
    if (data == NULL)
        return failure_throw(L, "Usage: socket:sendto(host, port, data[, flags])");
    int flags;
    int error = socket_take_flags(L, 5, sock, &flags);
    if (error < 0)
        return socket_push_failure(L, error);
    struct address to;
    error = socket_parse_address(L, 2, sock, &to);
    if (error < 0)
        return socket_push_failure(L, error);
    struct wait spare, *wait = wait_begin(L, &spare);
    op_sendto(&wait->op, sock, &to, data, length, flags);
    return wait_run(L, wait, LOOP_NEVER, socket_push_sent_to);
}

/* sock:recvfrom([limit[, flags]]) */
static int socket_recvfrom(lua_State *L)
{
    struct sock *sock = socket_check(L);
    size_t size = lua_isnoneornil(L, 2) ? OP_RECV_ANY : socket_size(L, 2, "recvfrom");
    int flags;
    int error = socket_take_flags(L, 3, sock, &flags);
    if (error < 0)
        return socket_push_failure(L, error);
    struct wait spare, *wait = wait_begin(L, &spare);
    op_recv(&wait->op, sock, size, flags);
    return wait_run(L, wait, LOOP_NEVER, socket_push_message);
}

const luaL_Reg socket_message_methods[] = {
    {"recvfrom", socket_recvfrom},
    {"sendto", socket_sendto},
    {NULL, NULL},
};
