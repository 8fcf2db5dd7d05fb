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

/* The connection that it serves, borrowed, or NULL. */
const struct sock *server_connection(const struct fiber *fiber);

/* Whom a line of the log is about that concerns this fiber: its name, its owner, and the connection
 * that it serves, if it does, whose peer is written to `peer`. */
void server_describe(struct fiber *fiber, char peer[ADDRESS_STRING_MAX], struct log_about *about);

/* The handler of this listener, which is served, is the function of a loaded script that its label
 * names. */
void server_set_by_name(struct binding *binding, const struct sock *listener);

/*
 * New scripts stand: asks for each handler by name what the name means now. `push` pushes the
 * function, or returns false and pushes nothing: then it stays as it was. Throws when memory is
 * short, with some renewed.
 */
void server_renew(lua_State *L, bool (*push)(lua_State *L, const char *name, void *context),
                  void *context);

/* Ends all accept loops without closing their listeners. */
void server_stop_all(struct binding *binding);
