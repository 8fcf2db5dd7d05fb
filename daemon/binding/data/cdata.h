/*
 * Values of LuaJIT's ffi that the modules hand out and take: integers of 64 bits, which numbers of
 * Lua hold exactly up to 2^53 only, and null, which equals nil and may nevertheless stand in a
 * table. Scripts can have them where they may not have the ffi itself: they reach no memory.
 */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

struct binding;

/* Makes the rest work; before lua/ takes the ffi away from those who may not have it. */
void cdata_open(lua_State *L, struct binding *binding);

/* Push an integer as an object of 64 bits; as a number where there is no ffi. */
void cdata_push_int64(lua_State *L, int64_t value);
void cdata_push_uint64(lua_State *L, uint64_t value);

/* Push an integer, as a number as long as that stays far from where numbers lose digits. */
void cdata_push_integer(lua_State *L, int64_t value);
void cdata_push_unsigned(lua_State *L, uint64_t value);

/* As decoders do: an object is signed, below the limit; with it, Tarantool says, begin the unsigned
 * ones. */
void cdata_push_decoded(lua_State *L, uint64_t value);

void cdata_push_null(lua_State *L);

enum cdata_kind {
    CDATA_NONE, /* no object of the ffi */
    CDATA_NULL, /* a pointer to nothing */
    CDATA_INT64,
    CDATA_UINT64,
    CDATA_BOOLEAN,
    CDATA_NUMBER,
    CDATA_OTHER,
};

struct cdata {
    enum cdata_kind kind;
    union {
        int64_t integer;
        uint64_t whole;
        bool boolean;
        lua_Number number;
    };
};

/* What the value is, of the ffi's and null without it. */
void cdata_read(lua_State *L, int index, struct cdata *out);
