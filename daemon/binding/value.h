/*
 * Values of Lua as MessagePack and back: nil, booleans, numbers (whole ones as integers), strings
 * (text as str, other bytes as bin), tables (as array or as map with text for keys), and sockets,
 * which are their numbers and live on until they are closed.
 */
#pragma once

#include <lua.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>

/* How deep tables may nest. */
#define VALUE_DEPTH 24

/*
 * Appends the value at `index`. NULL, or a sentence that says what cannot be sent. Throws when
 * Lua's memory is short.
 */
const char *value_pack(lua_State *L, int index, msgpack_sbuffer *out);

/* Whether that sentence, or NULL, speaks of the want of memory for the bytes. */
bool value_is_no_memory(const char *reason);

/* Pushes a value. Throws when memory is short, or it nests deeper than VALUE_DEPTH. */
void value_push(lua_State *L, const msgpack_object *object);
