/*
 * What clients have run in the runtime: chunks of text (sockd.eval) and functions of loaded
 * scripts (sockd.call), each in a fiber of its own, on the caller's account.
 */
#pragma once

struct rpc_call;
struct rpc_reason;
struct rpc_run;
struct runtime;

/* As the hook `run` of rpc/hooks.h; `*running` is a struct hook_run. */
int call_begin(struct runtime *runtime, struct rpc_call *call, const struct rpc_run *run,
               void **running, struct rpc_reason *reason);
