/*
 * How deep C may nest. A function in C that calls a script back, which calls such a function again,
 * would use up the stack of the process long before the script's own.
 */
#pragma once

#include <lua.h>

struct binding;

/* What is used below the caller's own frame from now on counts. */
void stack_init(struct binding *binding);

/* Throws when too much is: before a call of what a script may have defined. */
void stack_check(lua_State *L);
