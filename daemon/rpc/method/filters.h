/*
 * The filters by which sockd.list can be narrowed.
 */
#pragma once

#include "protocol/args.h"
#include "protocol/view.h"

struct rpc;
struct rpc_call;
struct sock;

/* Absent ones match everything. */
struct filters {
    int64_t owner, after, most; /* -1: absent */
    struct arg_bytes name, domain, type, state, handler;
    char *own; /* where the texts are; NULL: in the message */
};

/* Reads them from a map, in which the texts stay. -EINVAL, with the call's sentence. */
int filters_read(struct rpc_call *call, struct view view, struct filters *filters);

/* Copies the texts, so that the message may go; filters_free ends it. -ENOMEM. */
int filters_own(struct filters *filters);
void filters_free(struct filters *filters);

/* All but `most`, which is for the caller to count. */
bool filters_match(const struct filters *filters, const struct rpc *rpc, const struct sock *sock);
