/*
 * MessagePack as values of Lua, straight from the bytes: a length that is announced reserves
 * nothing before its bytes are there.
 */
#pragma once

#include <lua.h>
#include <stddef.h>

struct serial_options;

struct msgpack_reader {
    lua_State *L;
    const struct serial_options *options;
    const unsigned char *data; /* not to be moved or freed meanwhile */
    size_t length, at;
};

/* Pushes the value at `at`, which is then behind it. Throws what is wrong with it. */
void msgpack_read(struct msgpack_reader *reader);
