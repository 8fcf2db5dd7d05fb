/*
 * What the control server asks of Lua: handlers for listeners, by name or as text, and evals.
 */
#pragma once

struct rpc_hooks;

/* For rpc_new; the hooks' context is the struct runtime. */
extern const struct rpc_hooks handlers_hooks;
