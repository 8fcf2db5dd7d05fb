/*
 * The module `sockd`: what only sockd has.
 */
#include "binding/binding_private.h"
#include "binding/number.h"
#include "binding/socket.h"
#include "net/net.h"
#include "net/sock.h"

#include <lauxlib.h>

/* socket(id): another object for the open socket of that number, or nil. */
static int sockd_module_socket(lua_State *L)
{
    uint64_t id = number_to_id(luaL_checknumber(L, 1));
    struct socket_handle *handle = socket_push(L);
    struct sock *sock = id > 0 ? net_find(binding_of(L)->net, id) : NULL;
    if (sock == NULL)
        lua_pushnil(L);
    else
        handle->sock = sock_ref(sock);
    return 1;
}

void sockd_module_open(lua_State *L)
{
    lua_newtable(L);
    lua_pushcfunction(L, sockd_module_socket);
    lua_setfield(L, -2, "socket");
    lua_pushvalue(L, -1);
    lua_setglobal(L, "sockd");
    binding_set_module(L, "sockd");
}
