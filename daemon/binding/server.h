/*
 * Accept loops whose connections are served by a function of Lua, each in a fiber of its own.
 */
#pragma once

#include "net/address.h"

#include <lua.h>
#include <stdbool.h>

struct fiber;
struct log_about;
struct sock;

/*
 * Serves the listener with the function on top of the stack, which is popped, until the listener
 * closes. `name` begins the names of the fibers, `label` says what serves it (server_label).
 * Throws when memory is short; otherwise 0 or a negative error.
 */
int server_serve(lua_State *L, struct sock *listener, const char *name, const char *label);

struct binding;

/* What serves the listener, or NULL if nothing of Lua does. */
const char *server_label(const struct binding *binding, const struct sock *listener);

/* Whom a line of the log is about that concerns this fiber: its name, its owner, and the connection
 * that it serves, if it does, whose peer is written to `peer`. */
void server_describe(const struct fiber *fiber, char peer[ADDRESS_STRING_MAX],
                     struct log_about *about);

/* Ends all accept loops without closing their listeners. */
void server_stop_all(struct binding *binding);
