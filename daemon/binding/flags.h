/*
 * Flags and constants as scripts say them: a number, a name, or a list of names.
 */
#pragma once

#include "net/flags.h"

#include <lua.h>

/* Argument `index` as the sum of its flags; nil or none: 0. -EINVAL: a name that is not in the
 * table, or no such value. */
int flags_take(lua_State *L, int index, const struct named_number *table, int *out);

/* Pushes a table of all names with their numbers. */
void flags_push(lua_State *L, const struct named_number *table);
