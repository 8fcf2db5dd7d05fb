/*
 * What channels and condition variables of fibers have in common: objects of a type of their own,
 * and how their methods complain.
 */
#pragma once

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>
#include <stdint.h>

/* Known by its address. */
struct sync_type {
    const char *name; /* as complaints have it */
};

/*
 * Makes the type. `methods` are what its objects have, which lua/ may add to; `metamethods` go into
 * their metatable. Leaves the table of methods on the stack.
 */
void sync_define(lua_State *L, const struct sync_type *type, const luaL_Reg *methods,
                 const luaL_Reg *metamethods);

/* A new object, at the top of the stack, all zero. */
void *sync_new(lua_State *L, const struct sync_type *type, size_t size);

/* The object that is a method's first argument; throws the usage text without one. */
void *sync_check(lua_State *L, const struct sync_type *type, const char *usage);

/* The deadline for argument `index`, seconds; LOOP_NEVER without them. Throws the usage text for
 * anything else. */
uint64_t sync_deadline(lua_State *L, int index, const char *usage);
