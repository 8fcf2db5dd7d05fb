/*
 * What the LuaSocket emulation in lua/luasocket*.lua needs of C beside the socket module.
 */
#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/socket.h"
#include "binding/wait.h"
#include "net/sock.h"
#include "util/error.h"

#include <arpa/inet.h>
#include <lauxlib.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Throws if there is none; "" for one with a zero byte, which is no host. */
static const char *luasocket_text(lua_State *L, int index)
{
    luaL_checkstring(L, index);
    const char *text = socket_text(L, index);
    return text != NULL ? text : "";
}

/* disconnect(sock): a datagram socket forgets its peer (connect(2), AF_UNSPEC). */
static int luasocket_disconnect(lua_State *L)
{
    const struct sock *sock = socket_check(L);
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int error = connect(sock_fd(sock), &nobody, sizeof nobody) < 0 ? -errno : 0;
    return failure_or_true(L, error);
}

/* multicast_if(sock[, address]): the address of the interface that IPv4 multicasts leave by; or
 * true after setting it. nil on failure. */
static int luasocket_multicast_if(lua_State *L)
{
    const struct sock *sock = socket_check(L);
    struct in_addr address;
    socklen_t length = sizeof address;
    char text[INET_ADDRSTRLEN];
    if (!lua_isnoneornil(L, 2)) {
        int error = -EINVAL;
        if (inet_pton(AF_INET, luasocket_text(L, 2), &address) == 1)
            error = setsockopt(sock_fd(sock), IPPROTO_IP, IP_MULTICAST_IF, &address, length) < 0
                        ? -errno
                        : 0;
        return failure_or_true(L, error);
    }
    if (getsockopt(sock_fd(sock), IPPROTO_IP, IP_MULTICAST_IF, &address, &length) < 0)
        return failure_nil(L, -errno);
    lua_pushstring(L, inet_ntop(AF_INET, &address, text, sizeof text));
    return 1;
}

/* gethostname() */
static int luasocket_gethostname(lua_State *L)
{
    char name[HOST_NAME_MAX + 1];
    if (gethostname(name, sizeof name) < 0)
        return failure_nil_text(L, -errno);
    lua_pushstring(L, name);
    return 1;
}

static int luasocket_push_names(lua_State *L, struct op *op)
{
    if (op->status < 0) {
        lua_pushnil(L);
        failure_push_text(L, op->status);
        return 2;
    }
    lua_pushstring(L, op_reverse_host(op));
    lua_pushstring(L, op_reverse_service(op));
    return 2;
}

/* reverse(address, port[, timeout]): the names of both, or nil and a sentence. */
static int luasocket_reverse(lua_State *L)
{
    const char *host = luasocket_text(L, 1), *port = luasocket_text(L, 2);
    uint64_t deadline = socket_deadline(L, 3);
    struct address address;
    int error = address_parse(&address, strchr(host, ':') != NULL ? AF_INET6 : AF_INET, host, port);
    if (error < 0)
        return failure_nil_text(L, error);
    struct wait spare, *wait = wait_begin(L, &spare);
    op_reverse(&wait->op, binding_of(L)->net, &address, 0);
    return wait_run(L, wait, deadline, luasocket_push_names);
}

/* In LuaSocket's words. */
static const char *luasocket_entry_problem(int error)
{
    switch (error_is_eai(error) ? error_eai_code(error) : 0) {
    case EAI_NONAME:
        return "host not found";
    case EAI_AGAIN:
        return hstrerror(TRY_AGAIN);
    case EAI_FAIL:
        return hstrerror(NO_RECOVERY);
    case EAI_NODATA:
        return hstrerror(NO_DATA);
    default:
        return NULL;
    }
}

static int luasocket_push_entry(lua_State *L, struct op *op)
{
    const char *problem = op->status < 0 ? luasocket_entry_problem(op->status) : NULL;
    if (problem == NULL)
        return luasocket_push_names(L, op);
    lua_pushnil(L);
    lua_pushstring(L, problem);
    return 2;
}

/* entry(host[, timeout]): all names of the host, and its IPv4 addresses, with a space between any
 * two; or nil and a sentence. */
static int luasocket_entry(lua_State *L)
{
    const char *host = luasocket_text(L, 1);
    uint64_t deadline = socket_deadline(L, 2);
    struct wait spare, *wait = wait_begin(L, &spare);
    op_host_entry(&wait->op, binding_of(L)->net, host);
    return wait_run(L, wait, deadline, luasocket_push_entry);
}

static const luaL_Reg luasocket_functions[] = {
    {"disconnect", luasocket_disconnect},   {"entry", luasocket_entry},
    {"gethostname", luasocket_gethostname}, {"multicast_if", luasocket_multicast_if},
    {"reverse", luasocket_reverse},         {NULL, NULL},
};

void luasocket_open(lua_State *L, int internals)
{
    lua_newtable(L);
    luaL_register(L, NULL, luasocket_functions);
    luaL_register(L, NULL, poll_functions);
    lua_setfield(L, internals, "luasocket");
}
