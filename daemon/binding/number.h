/*
 * Lua's numbers as C's: what a double holds, and an integer does not, is no reason for an undefined
 * conversion, nor for meaning the small number that is left of a large one.
 */
#pragma once

#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

/* What is beyond int's ends is at them, and what is no number is at the lower one. */
static inline int number_clip(lua_Number number)
{
    if (!(number > INT_MIN))
        return INT_MIN;
    return number < INT_MAX ? (int)number : INT_MAX;
}

/* Whether it is one of int's, give or take a fraction. */
static inline bool number_fits_int(lua_Number number)
{
    return number >= INT_MIN && number <= INT_MAX;
}

static inline int number_to_int(lua_State *L, int index)
{
    return number_clip(lua_tonumber(L, index));
}

/* Throws if the argument is there and no number. */
static inline int number_opt_int(lua_State *L, int index, int otherwise)
{
    return number_clip(luaL_optnumber(L, index, otherwise));
}

/* The number of a fiber or a socket; 0, which none has, if it cannot be one. */
static inline uint64_t number_to_id(lua_Number number)
{
    const lua_Number two_to_53 = 9007199254740992.0;
    return number >= 1 && number <= two_to_53 ? (uint64_t)number : 0;
}
