/*
 * Inside of the control server, for the files of this folder only.
 */
#pragma once

#include "loop/loop.h"
#include "rpc/handles.h"
#include "rpc/hooks.h"
#include "rpc/method/listing.h"
#include "rpc/rpc.h"
#include "rpc/turns.h"

enum { RPC_MAGIC = 0x73727063, RPC_SCRATCH = 64 * 1024 };

struct args;

/* Carries out a method: gets the checked arguments, which lie in the message, and returns what
 * call_proceed takes. */
typedef int method_fn(struct rpc_call *call, const struct args *args);

struct rpc {
    unsigned magic;
    struct net *net;
    struct loop *loop;
    struct pool *pool;
    struct rpc_config config; /* with the defaults filled in */
    struct rpc_hooks hooks;
    void *hook_context;
    method_fn *const *methods; /* by the row of the table of methods */
    struct quota *quota;
    struct handles handles;
    struct list listeners;
    struct list peers;
    struct turns turns; /* how they share the loop */
    struct listings listings;
    struct list orphans; /* calls that go on although their client is gone */
    struct list spare_calls;
    size_t spare_count;
    struct rpc_call *starting; /* an eval that the hooks are being handed; NULL once it is over */
    uint64_t connected, served, failed, dropped, bad_input, bytes_in, bytes_out;

    void *api; /* the answer of sockd.api, from the first time on; NULL: not made yet */
    size_t api_size;

    int reserve_fd; /* given up for a moment to let an administrator in; -1: none left */

    bool draining;
    struct loop_timer drain_timer;
    struct loop_task drain_task;
    void (*drained)(void *context);
    void *drained_context;

    /* What one client after the other uses in its turn, for what goes in and for what goes out. */
    uint8_t *scratch_in, *scratch_out; /* RPC_SCRATCH bytes each */

    char text[sizeof(struct rpc_reason) + 64]; /* the words of the failure at hand */
};

/* A peer or an orphan is gone: perhaps the last that a drain waits for. */
void rpc_check_drained(struct rpc *rpc);
