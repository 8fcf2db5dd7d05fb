/*
 * The control server: MessagePack-RPC over a unix socket, for every call on sockets that does not
 * need an interpreter. What does need one reaches it through struct rpc_hooks.
 *
 * A connection (a peer) costs nothing but its own object while it is idle; sockets made through
 * it outlive it. All of it runs in the loop's thread.
 */
#pragma once

#include "util/quota.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct net;
struct rpc;
struct rpc_hooks;

struct rpc_config {
    const char *version; /* of sockd, for sockd.hello; must outlive the server */

    /* Members of this group administrate, beside root and the daemon's own user. */
    bool has_admin_group;
    gid_t admin_group;

    unsigned allow; /* privileges that every client has: bits of rpc/access.h */

    struct quota_limits quota; /* for each user; 0: the default */
    struct quota *accounts;    /* shared with others, and theirs; NULL: its own, of these limits */

    /* For each connection; 0: the default. */
    size_t max_requests;  /* in flight; at it the daemon stops reading. 1024 */
    size_t max_output;    /* bytes of answers not yet sent; at it too. 4 MiB */
    double stall_timeout; /* seconds without progress of its output until it is cut off. 60 */
    double take_timeout; /* seconds until a descriptor that nobody confirms is none that came. 10 */
};

struct rpc_stats {
    size_t clients;     /* connected now */
    size_t requests;    /* in flight now */
    size_t sockets;     /* made by clients, open now */
    size_t bytes;       /* held for clients now */
    uint64_t connected; /* clients ever */
    uint64_t served;    /* requests and notifications ever */
    uint64_t failed;    /* of them with an error */
    uint64_t dropped;   /* of them not carried out, as their client was gone */
    uint64_t bad_input; /* connections cut off for bytes that are no protocol */
    uint64_t bytes_in, bytes_out;
};

/* -ENOMEM. `hooks` (NULL: none) and its context must outlive the server. */
int rpc_new(struct rpc **out, struct net *net, const struct rpc_config *config,
            const struct rpc_hooks *hooks, void *hook_context);

/* Accepts clients from a listening unix stream socket. The descriptor is consumed on success, made
 * non-blocking; its file is the caller's to remove. May be called for several. */
int rpc_listen(struct rpc *rpc, int fd);

/* Closes the listening descriptors; those who are connected stay. */
void rpc_stop_listening(struct rpc *rpc);

/*
 * The orderly end: accepts nobody, reads no further request, and closes each connection when it has
 * got its answers; at `deadline` (loop_deadline) what still waits is cancelled and cut off. Then,
 * from the loop and once, `done` is called. A second call only moves the deadline.
 */
void rpc_drain(struct rpc *rpc, uint64_t deadline, void (*done)(void *context), void *context);

/* Cuts off who is still connected, without a callback. The sockets made by clients stay with the
 * net. Fibers of evals are cancelled through the hooks. */
void rpc_free(struct rpc *rpc);

void rpc_stats(const struct rpc *rpc, struct rpc_stats *out);
