/*
 * Changes of scripts that clients ask for: sockd.load and sockd.reload.
 */
#pragma once

struct rpc_call;
struct rpc_reason;
struct rpc_run;
struct runtime;

/* As the hook `run` of rpc/hooks.h; `*running` is a struct hook_run. A run that is cancelled undoes
 * the change. */
int load_call_begin(struct runtime *runtime, struct rpc_call *call, const struct rpc_run *run,
                    void **running, struct rpc_reason *reason);
