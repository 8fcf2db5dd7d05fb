/*
 * The global function `print`.
 */
#pragma once

#include <lua.h>

/* All that was kept of standard output has gone: for sink_new. */
void print_drained(void *binding);

void print_open(lua_State *L);
