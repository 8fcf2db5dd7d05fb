/*
 * Condition variables: fibers wait until another one signals.
 */
#pragma once

#include <lua.h>

/* `cond` and what lua/cond.lua needs to wait, in the table of internals. */
void cond_open(lua_State *L, int internals);
