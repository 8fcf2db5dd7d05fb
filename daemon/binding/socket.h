/*
 * Socket objects in Lua, and what their methods share.
 */
#pragma once

#include "loop/loop.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct address;
struct sock;

/* What an object with a reference holds. */
struct socket_handle {
    uint64_t magic;
    struct sock *sock; /* NULL: closed */
};

/* Pushes a new object without a socket; the caller puts its reference into the handle. So nothing
 * is lost when this throws. */
struct socket_handle *socket_push(lua_State *L);

/* Puts the reference to a new socket into its object, in the mode that new ones start in. */
void socket_adopt(lua_State *L, struct socket_handle *handle, struct sock *sock);

/* Pushes an object for a new socket that somebody holds until it is closed, in that mode: the
 * object need not hold it too. */
void socket_push_held(lua_State *L, struct sock *sock);

/* The open socket of argument `index`; throws. For methods: argument 1. */
struct sock *socket_check_at(lua_State *L, int index);
struct sock *socket_check(lua_State *L);

/* The same for what lua/ calls with all of its arguments: leaves something behind them. */
struct sock *socket_check_quickly(lua_State *L);

/* Throws for an argument that is no socket. */
int socket_refuse(lua_State *L, int index);

/* Whether a value is a socket object, and of which socket: NULL unless it is open. */
bool socket_find(lua_State *L, int index, struct sock **sock);

/* For close: from now on the object at `index`, counted from the bottom, is that of a closed
 * socket. The reference to the one that it had is the caller's; NULL: it had none. False: it is no
 * object.
 */
bool socket_take(lua_State *L, int index, struct sock **sock);

/* The finalizer of what holds a reference. */
int socket_collect(lua_State *L);

/* Pushes an address table. With `sock` it has the socket's type and protocol too. */
void socket_push_address(lua_State *L, const struct address *address, const struct sock *sock);

/* Sets fields of the table on top of the stack: `name` to a text; "protocol" to a protocol's name,
 * or to the number 0 if there is none. */
void socket_set_field(lua_State *L, const char *name, const char *value);
void socket_set_protocol(lua_State *L, int protocol);

/* "127.0.0.1:80", "::1:80", "unix/:PATH", as scripts and names of fibers have it. `out` has
 * ADDRESS_STRING_MAX bytes. */
const char *socket_address_text(const struct address *address, char *out);

/* A deadline from a timeout in seconds. Throws. */
uint64_t socket_deadline_of(lua_State *L, int index);

/* The same, or never: nil, or none. */
static inline uint64_t socket_deadline(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) ? LOOP_NEVER : socket_deadline_of(L, index);
}

/* A text without zero bytes inside, or a number as text; NULL for anything else. */
const char *socket_text(lua_State *L, int index);

/* A port, a service's name or a path, as text; NULL if it was left out; "", which is none of them,
 * for a number that is no port and for what has a zero byte. Throws for other types. */
const char *socket_port(lua_State *L, int index);

/* A host as text; NULL for the number 0, which stands for all local interfaces. False: it is no
 * host at all. */
bool socket_take_host(lua_State *L, int index, const char **host);

/* A number as it is, or what a name stands for. False: an unknown name, or neither. */
bool socket_constant(lua_State *L, int index, int (*find)(const char *name), int *out);

/* Parses the address in arguments `index` and `index + 1` for a socket. A result; a failure becomes
 * the socket's last error. */
int socket_parse_address(lua_State *L, int index, struct sock *sock, struct address *out);

/* Whose sockets the running code makes. */
uid_t socket_owner(lua_State *L);

/* Arguments 1 to 3: a family, a type and a protocol (nil: 0), by name or number. -EINVAL,
 * -EPROTOTYPE. */
int socket_take_kind(lua_State *L, int *domain, int *type, int *protocol);

/* The flags of a message in argument `index`. A result; a failure becomes the socket's last error.
 */
int socket_take_flags(lua_State *L, int index, struct sock *sock, int *out);

/* A size or limit in bytes; OP_READ_ALL (SIZE_MAX) for what is beyond all sizes. Throws. */
size_t socket_size(lua_State *L, int index, const char *method);

/* Pushes what socket.internal.SO_OPT is. */
void socket_push_options(lua_State *L);

/* Methods, for the table of them. */
extern const luaL_Reg poll_functions[]; /* of the LuaSocket emulation */
extern const luaL_Reg socket_io_methods[];
extern const luaL_Reg socket_state_methods[];
extern const luaL_Reg socket_message_methods[];
extern const luaL_Reg socket_option_methods[];
extern const luaL_Reg socket_fd_methods[];

/* Functions of the module. */
extern const luaL_Reg socket_fd_functions[];
