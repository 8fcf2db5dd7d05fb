/*
 * Inside of what all sockets share, for the files of this folder only.
 */
#pragma once

#include "loop/loop.h"
#include "net/address.h"
#include "net/net.h"
#include "net/op_class.h"
#include "net/sock_private.h"

struct resolver;

/* How much is asked of the kernel at least in one call, in bytes; and where it lands. */
enum { NET_LANDING = 64 << 10 };

/* How many owners may rest at a time (foreign.h). */
enum { NET_OFFENDERS = 16 };

struct net_offender {
    uid_t owner;
    uint64_t until; /* by the monotonic clock; 0: the place is free */
};

enum { NET_MAGIC = 0x6e657421 };

struct net {
    unsigned magic;
    struct loop *loop;
    struct pool *pool;
    struct slabs *slabs; /* of sockets, and what is made for each */
    struct net_config config;
    struct resolver *resolver; /* made by the first look-up */

    size_t socket_count;   /* open ones */
    struct sock **buckets; /* by number */
    size_t bucket_count;   /* a power of two */
    struct sock **by_fd;
    size_t by_fd_count;
    uint64_t next_id, reserved_id; /* numbers up to and including the second may be given */

    struct list gathering;     /* what is to be flushed, gather.c */
    struct list spare_gathers; /* for reuse */
    size_t spare_gather_count;
    struct list lingerers; /* closed, with bytes to send, linger.c */
    size_t lingering;

    struct list starved; /* servers that wait for a descriptor */

    struct list due; /* sockets to be served in the next round of the loop */
    struct loop_task due_task;

    struct list completed; /* operations whose `done` is to be called from the loop */
    struct loop_task complete_task;
    size_t waiting;

    struct net_offender offenders[NET_OFFENDERS];

    struct address accepted_from; /* of the latest accept */
    struct address received_from; /* of the latest message */
    uint64_t made, bytes_in, bytes_out;
    uint64_t refused;
    uint64_t complained; /* of shortage, at that time; 0: never */
    size_t reserve;      /* sockets that not everybody may use */

    struct sock *landed; /* whose read-ahead may lie in `landing`, op_read.c; or NULL */
    uint8_t landing[NET_LANDING];
};

/* May so many more sockets be opened for that owner, or by an accept loop (NET_ACCEPTS)? 0 or
 * -EMFILE. */
#define NET_ACCEPTS ((uid_t)-1)
int net_admit(struct net *net, unsigned count, uid_t owner);

/* Makes room for more sockets by number. -ENOMEM. */
int net_grow_buckets(struct net *net);

/* Numbers the socket and makes it known, or fails with -ENOMEM or as reserve_ids does. */
int net_register(struct net *net, struct sock *sock);
void net_unregister(struct net *net, struct sock *sock);

/* Makes one that was unregistered known again, by its old number. */
void net_reinstate(struct net *net, struct sock *sock);

/* The threads that look names up. -ENOMEM, or why there is no descriptor for them. */
int net_resolver(struct net *net, struct resolver **out);

/* A server that waits for descriptors to be free again. */
struct net_starved {
    struct list link;
    struct loop_task task;
};

/* A descriptor is free: the first of those that wait for one may try. */
void net_feed(struct net *net);

void net_flush_all(struct net *net);

void net_starve(struct net *net, struct net_starved *starved);
