/*
 * The fibers that scripts make. Each is charged to the account of whom it works for, in a service,
 * and they may take only half of what it may have, so that connections and calls find room however
 * many there are. And those of a handler or call that was stopped since it used too much, its
 * descendants with their listeners, end with it.
 */
#pragma once

#include <lua.h>

struct binding;
struct fiber;

void brood_init(struct binding *binding);
void brood_deinit(struct binding *binding);

/* Before a script makes a fiber: throws when its owner has as many as it may. */
void brood_check(lua_State *L);

/* After that. */
void brood_charge(struct fiber *fiber);

/* At the end of any. */
void brood_release(struct fiber *fiber);

/* An attended fiber ends. */
void brood_unattended(struct binding *binding, const struct fiber *fiber);
