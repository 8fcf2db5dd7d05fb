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

/* Other scripts stand now: handlers by name become what the names mean in them. A name that they do
 * not define keeps the code it had, with a warning in the log. */
void handlers_renew(struct runtime *runtime);
