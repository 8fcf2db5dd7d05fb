/*
 * Handlers of listeners that clients made: functions of loaded scripts by name, or text.
 */
#pragma once

struct rpc_handler;
struct rpc_reason;
struct runtime;
struct sock;

/* As the hook `serve` of rpc/hooks.h. */
int handlers_serve(struct runtime *runtime, struct sock *listener,
                   const struct rpc_handler *handler, struct rpc_reason *reason);
