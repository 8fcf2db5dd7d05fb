/*
 * What all sockets of a process share: the loop, the pool of bytes, the look-up threads, the
 * numbers by which sockets are known, and the limits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct address;
struct loop;
struct net;
struct pool;
struct slabs;
struct sock;

struct net_config {
    size_t max_sockets;      /* at once; beyond it new ones fail with EMFILE. 0: what RLIMIT_NOFILE
                                leaves after a reserve for everything else */
    size_t max_readahead;    /* bytes that a read with a delimiter may gather. 0: 16 MiB */
    unsigned lookup_threads; /* that one user has at most. 0: 4 */

    /*
     * Whether sockets of this owner may use the reserve, the last ones that there may be, so that
     * those who can mend things are not kept out by those who hold everything. NULL: everybody.
     */
    bool (*may_use_reserve)(const void *context, uid_t owner);
    const void *reserve_context;

    /*
     * The first number to give to a socket (0: 1), and whom to tell before numbers up to and
     * including `last` may be in use, so that they are never used again after a restart. A
     * failure fails the new socket. NULL: nobody.
     */
    uint64_t first_id;
    int (*reserve_ids)(void *context, uint64_t last);

    /*
     * Asked before anything connects or sends to a unix socket with a name: 0, or -EPERM for one
     * that this process must not talk to. `file` is a descriptor (O_PATH) of what is at the path,
     * -1 for an abstract name. NULL: all may be reached.
     */
    int (*may_reach)(void *context, const struct address *address, int file);
    void *context;
};

struct net_stats {
    size_t sockets;     /* open now */
    size_t max_sockets; /* that may be */
    size_t reserve;     /* of them that not everybody may use */
    size_t operations;  /* waiting now */
    size_t lookups;     /* queued or running now */
    size_t bytes;       /* in pool blocks now */
    uint64_t made;      /* sockets ever */
    uint64_t refused;   /* that were not made for want of sockets or descriptors, ever */
    uint64_t bytes_in, bytes_out;
};

/* -ENOMEM, and what the threads' creation says. */
int net_new(struct net **out, struct loop *loop, const struct net_config *config);

/* Closes what is open. All operations must be over and all references dropped; look-ups that still
 * hang are left to their threads. */
void net_free(struct net *net);

struct loop *net_loop(const struct net *net);
struct pool *net_pool(const struct net *net);

/* For small objects of which each socket may have one. */
struct slabs *net_slabs(const struct net *net);

/* -EPERM if may_reach refuses the address; 0 also if nothing is there. For a good error message:
 * the operations ask again. */
int net_may_reach(const struct net *net, const struct address *to);

void net_stats(const struct net *net, struct net_stats *out);

/* A socket, or a control client, was refused: if that was for want of sockets or descriptors
 * (-EMFILE, -ENFILE), counts it and says so in the log, once a minute at most. Returns the error.
 */
int net_note_shortage(struct net *net, int error);

/* The open socket of that number, borrowed, or NULL. */
struct sock *net_find(const struct net *net, uint64_t id);

/* The open socket that owns descriptor `fd`, borrowed, or NULL. */
struct sock *net_find_fd(const struct net *net, int fd);

/* The numbers of all open sockets in order, for the caller to free. -ENOMEM. */
int net_ids(const struct net *net, uint64_t **ids, size_t *count);

/* Calls `fn` for every open socket, in order of their numbers. `fn` may close any. -ENOMEM, and it
 * is called for none. */
int net_each(struct net *net, void (*fn)(void *context, struct sock *sock), void *context);

/* Sends what sockets have gathered (sock_gather). */
void net_flush(struct net *net);

/* Gives back what look-ups that have not ended are charged for: nobody pays for them any more. */
void net_forget_payers(struct net *net);

/* Closes every listener. */
void net_close_listeners(struct net *net);

/* Closes every socket, for the end of the program. */
void net_close_all(struct net *net);
