/*
 * Channels: queues of values between fibers.
 */
#pragma once

#include <lua.h>

/* `channel` and what lua/channel.lua needs to wait, in the table of internals. */
void channel_open(lua_State *L, int internals);
