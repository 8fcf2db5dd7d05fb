/*
 * Sockets and descriptors: pairs, sockets around descriptors of others, waiting for any
 * descriptor, letting go of one.
 */
#include "binding/adoptable.h"
#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/number.h"
#include "binding/socket.h"
#include "binding/wait.h"
#include "net/address.h"
#include "net/net.h"
#include "net/sock.h"
#include "util/error.h"

#include <lauxlib.h>
#include <string.h>
#include <strings.h>

/* ---- making ---- */

/* socket.socketpair(domain, type[, protocol]) */
static int socket_pair(lua_State *L)
{
    int domain, type, protocol;
    int error = socket_take_kind(L, &domain, &type, &protocol);
    if (error < 0)
        return failure_nil(L, error);
    struct socket_handle *first = socket_push(L), *second = socket_push(L);
    struct sock *pair[2];
    error = sock_new_pair(binding_of(L)->net, domain, type, protocol, socket_owner(L), pair);
    if (error < 0)
        return failure_nil(L, error);
    socket_adopt(L, first, pair[0]);
    socket_adopt(L, second, pair[1]);
    failure_note(L, 0);
    return 2;
}

/* socket.from_fd(fd) */
static int socket_from_fd(lua_State *L)
{
    if (lua_type(L, 1) != LUA_TNUMBER)
        return failure_throw(L, "fd must be a number");
    int fd = number_to_int(L, 1);
    struct binding *binding = binding_of(L);
    struct net *net = binding->net;
    struct socket_handle *handle = socket_push(L);
    struct sock *sock = net_find_fd(net, fd);
    if (sock != NULL) { /* one more object for the same socket, as it is */
        handle->sock = sock_ref(sock);
        failure_note(L, 0);
        return 1;
    }
    int error = adoptable(binding, fd) ? sock_adopt(net, fd, socket_owner(L), &sock) : -EPERM;
    if (error < 0)
        return failure_nil(L, error);
    adoptable_note(binding, fd, false);
    socket_adopt(L, handle, sock);
    failure_note(L, 0);
    return 1;
}

/* sock:detach() */
static int socket_detach(lua_State *L)
{
    struct sock *sock = socket_check(L);
    int result = sock_detach(sock);
    if (result >= 0)
        adoptable_note(binding_of(L), result, true);
    if (result == -EBUSY)
        return failure_throw(L, "detach: bytes are read ahead, which would be lost");
    failure_note(L, result < 0 ? result : 0);
    return 0;
}

/* ---- waiting ---- */

static const char *const activities[] = {"", "R", "W", "RW"};

/* 'R', 'W', 'RW' or 1, 2, 3 as LOOP_READ and LOOP_WRITE; 0 for anything else. */
static unsigned iowait_take_events(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number number = lua_tonumber(L, index);
        return number == 1 || number == 2 || number == 3 ? (unsigned)number : 0;
    }
    const char *text = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
    for (unsigned events = 1; events <= 3; events++)
        if (strcasecmp(text, activities[events]) == 0)
            return events;
    return strcasecmp(text, "WR") == 0 ? 3 : 0;
}

static unsigned iowait_got(const struct op *op)
{
    return op->status == 0 ? op->ready.got & (LOOP_READ | LOOP_WRITE) : 0;
}

static int iowait_push_number(lua_State *L, struct op *op)
{
    lua_pushnumber(L, iowait_got(op));
    return 1;
}

static int iowait_push_text(lua_State *L, struct op *op)
{
    lua_pushstring(L, activities[iowait_got(op)]);
    return 1;
}

static int iowait_push_nothing(lua_State *L, struct op *op)
{
    (void)L, (void)op;
    return 0;
}

static int iowait_usage(lua_State *L)
{
    return failure_throw(L, "Usage: iowait(fd, 1 | 'r' | 2 | 'w' | 3 | 'rw' [, timeout])");
}

static int iowait_sleep(lua_State *L, uint64_t deadline)
{
    struct wait spare, *wait = wait_begin(L, &spare);
    op_watch(&wait->op, binding_of(L)->net, -1, 0);
    return wait_run(L, wait, deadline, iowait_push_nothing);
}

/* socket.iowait(fd, events[, timeout]) */
static int socket_iowait(lua_State *L)
{
    uint64_t deadline = socket_deadline(L, 3);
    if (lua_isnoneornil(L, 1) && lua_isnoneornil(L, 2) && !lua_isnoneornil(L, 3))
        return iowait_sleep(L, deadline);
    unsigned events = iowait_take_events(L, 2);
    int fd = lua_type(L, 1) == LUA_TNUMBER ? number_to_int(L, 1) : -1;
    if (fd < 0 || events == 0)
        return iowait_usage(L);
    bool numeric = lua_type(L, 2) == LUA_TNUMBER;
    struct net *net = binding_of(L)->net;
    struct sock *sock = net_find_fd(net, fd);
    struct wait spare, *wait = wait_begin(L, &spare);
    if (sock != NULL)
        op_wait(&wait->op, sock, events);
    else
        op_watch(&wait->op, net, fd, events);
    return wait_run(L, wait, deadline, numeric ? iowait_push_number : iowait_push_text);
}

/* wait_closed(sock): until somebody closes it; for tcp_server_loop */
static int socket_wait_closed(lua_State *L)
{
    struct wait spare, *wait = wait_begin(L, &spare);
    op_wait(&wait->op, socket_check(L), 0);
    return wait_run(L, wait, LOOP_NEVER, iowait_push_nothing);
}

const luaL_Reg socket_fd_methods[] = {
    {"detach", socket_detach},
    {NULL, NULL},
};

const luaL_Reg socket_fd_functions[] = {
    {"from_fd", socket_from_fd},
    {"iowait", socket_iowait},
    {"socketpair", socket_pair},
    {"wait_closed", socket_wait_closed},
    {NULL, NULL},
};
