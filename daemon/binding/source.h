/*
 * Files of Lua, for lua/source.lua.
 */
#pragma once

#include <lua.h>

/* Adds read_source and is_source to the table of internals. */
void source_open(lua_State *L, int internals);
