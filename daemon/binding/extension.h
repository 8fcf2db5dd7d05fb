/*
 * The modules of lua/tarantool/, which no script has before it requires them: their text lies in
 * the program, and becomes functions and tables on demand.
 */
#pragma once

#include <lauxlib.h>
#include <lua.h>

/* Makes core.extension: the function that loads one. */
void extension_open(lua_State *L, int internals);

/* The functions in C beneath a module; the list ends with NULL. */
extern const luaL_Reg extension_tarantool[];
extern const luaL_Reg extension_digest[];
extern const luaL_Reg extension_yaml[];
