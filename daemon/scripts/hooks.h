/*
 * What the control server asks of the runtime: the table of rpc/hooks.h.
 */
#pragma once

struct rpc_hooks;

/* For rpc_new; the hooks' context is the struct runtime. */
extern const struct rpc_hooks runtime_hooks;

/* What a run is known by: the first member of whatever carries it out. */
struct hook_run {
    void (*cancel)(struct hook_run *run);
};
