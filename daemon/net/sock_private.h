/*
 * Inside of a socket, for the files of this folder only.
 */
#pragma once

#include "loop/loop.h"
#include "net/net.h"
#include "net/op.h"
#include "net/sock.h"
#include "util/buffer.h"
#include "util/error.h"

enum { SOCK_MAGIC = 0x736f636b };

/* A file that bind(2) made and that goes when the socket closes, if it is still the same. */
struct sock_file {
    dev_t device;
    ino_t inode;
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

/* A connection that was accepted for somebody who never heard of it. */
struct sock_unaccepted {
    struct list link;
    struct sock *sock;
};

struct sock {
    unsigned magic;
    int fd; /* -1 when closed */
    unsigned references;
    uid_t owner;
    uint64_t id;
    struct net *net;
    struct loop_io *io;
    struct list link;                      /* among the open ones, in order of their numbers */
    struct sock *next_by_id;               /* in the registry's bucket */
    struct list readers, writers, waiters; /* parked operations; the head of the first two has its
                                              turn, the waiters watch side by side */
    struct loop_task task;                 /* serves the queues again, after others had a turn */
    struct buffer in;                      /* the read-ahead */
    size_t scanned; /* bytes of it known to hold no delimiter of `scan_key` */
    uint64_t scan_key;
    struct op *delivering;   /* a complete read whose bytes still lie in `in` */
    struct buffer *returned; /* given back meanwhile, to come before `in`; mostly NULL */
    struct sock_file *file;
    struct gather *gather; /* output that waits; mostly NULL */
    struct list unaccepted;
    struct list closed_watches;
    int domain, type, protocol;
    int last_error; /* positive */
    int in_error;   /* negative: to be reported after what is in `in` */
    int out_error;  /* negative: of gathered output, to be reported by the next call */
    uint8_t ready;  /* LOOP_READ, LOOP_WRITE: not known to be exhausted;
 LOOP_CLOSED: the peer has ended its side */
    bool nonblock, listening, kept;
    bool rough; /* the last send(2) did not take all: output is better not gathered */
    uint64_t receive_limit, send_limit; /* SO_RCVTIMEO, SO_SNDTIMEO in nanoseconds; 0: none */
    int64_t created;                    /* seconds since the epoch */
    uint64_t born, used;                /* by the monotonic clock, in nanoseconds */
    uint64_t bytes_in, bytes_out;
};

/* A socket around a descriptor of known kind, which is consumed on success. */
int sock_wrap(struct net *net, int fd, int domain, int type, int protocol, uid_t owner,
              struct sock **out);

/* Serves the queues in later rounds of the loop. */
void sock_serve_later(struct sock *sock);

/* Nothing is being delivered any more: what was given back meanwhile comes first now. */
void sock_take_returned(struct sock *sock);

/* Sets the last error from a result: 0 or a negative error. Returns it. */
int sock_record(struct sock *sock, int result);

/*
 * Before a call that enters the kernel: sends what is gathered, since the call might tell the
 * order, on this socket or on its peer. 0, or the error of gathered output, which is thereby
 * reported.
 */
int sock_enter(struct sock *sock);

/* One send(2), the only one for bytes of streams. How many went out, -EAGAIN when there is no room,
 * or an error. */
ssize_t sock_send(struct sock *sock, const void *data, size_t length, int flags);

/* op_write that leaves the socket's last error alone. */
void op_write_quietly(struct op *op, struct sock *sock, const void *data, size_t length);

/* The descriptor's readiness now, as poll(2) tells, and the read-ahead's: LOOP_READ, LOOP_WRITE. */
unsigned sock_poll(const struct sock *sock, unsigned want);

/* ---- of the engine (op.c) ---- */

/* Lets the operations that wait on the socket try, for the given readiness. */
void op_serve(struct sock *sock, unsigned ready);

/* Completes everything that waits on the socket with `error`, through the loop. */
void op_fail_all(struct sock *sock, int error);
