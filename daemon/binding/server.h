/*
 * Accept loops whose connections are served by a function of Lua, each in a fiber of its own.
 */
#pragma once

#include <lua.h>
#include <stdbool.h>

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

/* Ends all accept loops without closing their listeners. */
void server_stop_all(struct binding *binding);
