/*
 * A list of sockets in the making, for as long as that takes: some sockets in each round of the
 * loop, which all lists share, by user. It shows the sockets that there were at its beginning, in
 * order of their numbers, less those that have been closed before their turn came.
 */
#pragma once

#include "loop/loop.h"
#include "rpc/call.h"
#include "util/fair.h"

struct filters;
struct listing;

/* All that are being made. */
struct listings {
    struct loop *loop;
    struct fair queue;
    struct loop_task task;
};

void listings_init(struct listings *listings, struct loop *loop);
void listings_deinit(struct listings *listings);

/* Makes a list of what the filters match for the call, whose answer is to be METHOD_RESULT_LIST:
 * what a method's function returns. The filters are taken over. */
int listing_start(struct rpc_call *call, struct filters *filters);
