/*
 * What the code of scripts finds its names in: a table of its own, behind which the globals stand.
 */
#pragma once

#include <lua.h>

/* Pushes a new environment: names that a script does not define itself are those of the globals. */
void environment_push(lua_State *L);

/* Pushes that of evals: behind it stand the environments of loaded scripts, of which the registry
 * has the list at `environments`, and behind those the globals. */
void environment_push_of_evals(lua_State *L, int environments);
