/*
 * The listeners that loaded scripts made, each with its origin (origin.h), so that a later load may
 * take them over, and so that they close when the code that serves them goes.
 */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct address;
struct binding;
struct fiber;
struct op;
struct sock;

/* Notes a listener of the running fiber's; one that is noted already stays as it is, and one of
 * code that was not loaded is none of ours. Throws when memory is short. */
void listening_enlist(lua_State *L, struct sock *sock);

/*
 * If the fiber belongs to a load that replaces earlier ones: the heir (net/heir.h) of the first of
 * their listeners that matches the address and has none yet. It has its own note, and accepts
 * nothing before the load stands. False: there is none, or no room for it.
 */
bool listening_claim(struct fiber *fiber, const struct address *address, struct sock **out);

/* Has op_tcp_listen of the running fiber ask listening_claim first. */
void listening_let_claim(lua_State *L, struct op *op);

/* ---- of origin.c ---- */

/* Heirs take over. */
void listening_succeed(struct binding *binding);

/* Closes those of the load that is undone. */
void listening_undo(struct binding *binding);

/* Closes those of retired origins that no attended fiber has made. */
void listening_retire(struct binding *binding);

/* Closes those that an ended fiber of that number and its descendants have made. */
void listening_close_brood(struct binding *binding, uint64_t root);

/* The sockets stay. */
void listening_forget_all(struct binding *binding);
