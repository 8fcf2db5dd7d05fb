/*
 * Memory for the making of a Lua machine.
 *
 * LuaJIT does not survive a refusal inside lua_newstate. So what that takes is taken beforehand, in
 * one block, which can be refused in peace; blocks of the complete machine come from malloc(3).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct nursery {
    char *memory;
    size_t used;
    bool grown; /* the machine is complete */
};

/* -ENOMEM. */
int nursery_init(struct nursery *nursery);

/* After the end of the machine. */
void nursery_deinit(struct nursery *nursery);

/* From now on there may be refusals. */
void nursery_leave(struct nursery *nursery);

/* As a lua_Alloc: gives, resizes or frees a block; `had` is 0 for none. NULL: there is no memory.
 */
void *nursery_change(struct nursery *nursery, void *block, size_t had, size_t size);
