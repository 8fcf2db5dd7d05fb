/*
 * A client's connection: it reads requests within the client's quotas, has them dispatched, and
 * sends what the calls put into its output.
 *
 * A peer frees itself at the end of one of its own callbacks and nowhere else, so that whoever is
 * called from there may rely on it; others find out by the calls that they still have: a call
 * whose peer is gone has none.
 */
#pragma once

#include "loop/loop.h"
#include "rpc/access.h"
#include "rpc/handover.h"
#include "rpc/input.h"
#include "rpc/output.h"
#include "rpc/subscription.h"
#include "util/fair.h"
#include "util/hash.h"
#include "util/list.h"
#include "util/log.h"
#include "util/quota.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc;

enum { PEER_MAGIC = 0x70656572 };

struct peer {
    unsigned magic;
    int fd;
    struct rpc *rpc;
    struct list link; /* in rpc->peers */
    struct loop_io io;
    struct identity who;
    struct quota_user *user;
    struct input input;
    struct output output;
    struct list calls;    /* in flight */
    struct list tied;     /* handles that close with it */
    struct hash by_msgid; /* those of them that are requests */
    size_t in_flight;     /* their number */
    struct subscriptions subscriptions;
    struct loop_task task;   /* another turn */
    struct fair_item queued; /* for a turn, by its user: it has much to do */
    struct loop_timer stall;
    uint64_t patience; /* until when a client that does not read is waited for; 0: it does */
    struct quota_waiter room;
    struct handovers handovers;
    bool takes_descriptors;    /* it has said that it can receive them */
    bool confirms_descriptors; /* and that it says whether they came */
    bool calm;                 /* its last turn was a short one */
    bool running;              /* in its own callback, which sends and looks around at its end */
    bool readable;             /* not known to be exhausted */
    bool writable;
    bool closing;  /* the end has been announced, and follows what there is to read */
    bool eof;      /* it has been reached */
    bool hung_up;  /* the client does not read either */
    bool ending;   /* nothing more is read; ends when its answers are out */
    bool rejected; /* what it still sends is thrown away, so that it gets to read why */
    size_t discarded;
    bool broken;     /* cannot go on */
    char client[40]; /* what it calls itself, for logs */
};

/* Lets it go on: it was its turn in the queue. It may be gone afterwards. */
void peer_take_turn(struct peer *peer);

/* Takes over a connected descriptor, on success only. */
int peer_new(struct rpc *rpc, int fd, const struct identity *who);

/* Cuts it off: gives back what it has not got, and ends its calls. */
void peer_free(struct peer *peer);

/* Something was put into its output, or a call of its is over. */
void peer_wake(struct peer *peer);

/* Reads no more, and ends once its calls are answered. */
void peer_drain(struct peer *peer);

/* The client has sent something that is no protocol: one answer, a line in the log, and the end.
 * `msgid`: NULL if it could not be read; `error`: negative. */
void peer_reject(struct peer *peer, const uint32_t *msgid, int error, const char *reason);

/* Its calls go on without it, or end. */
void peer_abandon_calls(struct peer *peer);

/* Whom a line in the log is about. */
struct log_about peer_about(const struct peer *peer);
