/*
 * The requests that the generator can ask of a server, each with its protocol: how a request looks,
 * and which bytes are a right answer.
 */
#ifndef SOCKD_BENCH_RPC_KINDS_H
#define SOCKD_BENCH_RPC_KINDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { RPC_REQUEST_MOST = 256 };

/* What a connection has been given by a request that went before; see `prepare`. */
struct rpc_handles {
    uint64_t near, far;
};

struct rpc_kind {
    const char *name;
    size_t greeting; /* bytes that the server sends first; they are skipped */

    /* Makes what the requests are about, on a fresh connection. NULL: nothing. */
    void (*prepare)(int fd, struct rpc_handles *handles);

    /* Writes the request number `id` of a connection. Its length, at most RPC_REQUEST_MOST. */
    size_t (*request)(uint8_t *out, uint32_t id, const struct rpc_handles *handles);

    /* The length of the answer that these bytes begin with, 0 if it is not complete yet, -1 if it
     * is wrong. `id` is the number of the request that is answered; it comes in as that of the
     * oldest without an answer, which protocols without numbers leave alone. */
    ssize_t (*answer)(const uint8_t *in, size_t length, uint32_t *id);
};

/* The end, with a list of the names, if there is none of this name. */
const struct rpc_kind *rpc_kind_find(const char *name);

#endif
