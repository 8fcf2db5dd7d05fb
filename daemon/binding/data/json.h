/*
 * JSON: `encode` and `decode` as functions of Lua, whose upvalue are the settings of their module
 * (serial.h).
 */
#pragma once

#include <lua.h>

/* encode(value[, settings]): the text. */
int json_encode(lua_State *L);

/* decode(text[, settings]): the value. Throws, with line and character, what is wrong. */
int json_decode(lua_State *L);

/* The module `json`. */
void json_open(lua_State *L, int internals);
