/*
 * What the LuaSocket emulation in lua/luasocket*.lua needs of C beside the socket module.
 */
#include "binding/binding_private.h"
#include "binding/failure.h"
#include "binding/socket.h"
#include "binding/wait.h"
#include "net/sock.h"
#include "util/error.h"

#include <lauxlib.h>
#include <limits.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* disconnect(sock): a datagram socket forgets its peer (connect(2), AF_UNSPEC). */
static int luasocket_disconnect(lua_State *L)
{
    const struct sock *sock = socket_check(L);
    const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int error = connect(sock_fd(sock), &nobody, sizeof nobody) < 0 ? -errno : 0;
    return failure_or_true(L, error);
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

static const luaL_Reg luasocket_functions[] = {
    {"disconnect", luasocket_disconnect},
    {"gethostname", luasocket_gethostname},
    {NULL, NULL},
};

void luasocket_open(lua_State *L, int internals)
{
    lua_newtable(L);
    luaL_register(L, NULL, luasocket_functions);
    luaL_register(L, NULL, poll_functions);
    lua_setfield(L, internals, "luasocket");
}
