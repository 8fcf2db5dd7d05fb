/*
 * Inside of a socket, for the files of this folder only.
 */
#pragma once

#include "loop/loop.h"
#include "net/net.h"
#include "net/op.h"
#include "net/sock.h"
#include "net/sock_watch.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/ring.h"

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

/* What few sockets need: made when one does (sock_make_rare). */
struct sock_rare {
    struct list waiters;                       /* parked operations that watch side by side */
    struct list unaccepted;                    /* struct sock_unaccepted */
    struct list closed_watches, watches, taps; /* who looks on (sock_watch.h) */
    struct buffer returned; /* given back during a delivery, to come before what is read ahead */
    struct sock_file *file;
    int lent;                           /* the descriptor while the socket is lent, or -1 */
    uint64_t receive_limit, send_limit; /* SO_RCVTIMEO, SO_SNDTIMEO in nanoseconds; 0: none */
    int linger;                         /* SO_LINGER in seconds; 0: what the kernel says */
    bool lingers;                       /* it is on */
};

/* Of all the others: empty. */
extern const struct sock_rare *const sock_rare_none;

/* There is one for each connection, so it is small, and what every request touches comes first. */
struct sock {
    unsigned magic;
    unsigned references;
    int fd;        /* -1 when closed, or lent */
    uint8_t ready; /* LOOP_READ, LOOP_WRITE: not known to be exhausted; LOOP_CLOSED: the peer has
                      ended its side */
    bool nonblock : 1, listening : 1, kept : 1;
    bool unshared : 1;   /* nobody else can have the descriptor: closing it ends the connection */
    bool foreign : 1;    /* another process may have the open file, and change its mode */
    bool rough : 1;      /* the last send(2) did not take all: output is better not gathered */
    bool held : 1;       /* a listener that accepts nothing yet (heir.h) */
    bool any_port : 1;   /* a listener whose port the kernel chose */
    bool delivering : 1; /* the bytes of a complete read lie in `in`, until its op_finish */
    int16_t last_error;  /* positive */
    struct net *net;
    struct loop_io io;            /* watches nothing until somebody waits */
    struct buffer in;             /* the read-ahead */
    struct ring readers, writers; /* parked operations; the heads have their turn */
    struct gather *gather;        /* output that waits; mostly NULL */
    struct sock_rare *rare;       /* mostly NULL; to be read by sock_rare() */
    uint64_t used;                /* by the monotonic clock, in nanoseconds */
    uint64_t bytes_in, bytes_out;
    int16_t in_error;   /* negative: to be reported after what is in `in` */
    int16_t out_error;  /* negative: of gathered output, to be reported by the next call */
    int16_t kept_error; /* positive: the kernel's, taken to show it, for the next call that would
                           have met it */
    uint8_t type;
    uint16_t domain, protocol;
    uint32_t scanned; /* bytes of `in` known to hold no delimiter of `scan_key` */
    uint64_t id;
    struct sock *next_by_id; /* in the registry's bucket */

    uint64_t scan_key;
    struct list due; /* among those to be served after others had a turn */
    uid_t owner;
    uint32_t created; /* seconds since the epoch */
};

/* An error of either sign in the 16 bits that a socket has for it: what is below errno's numbers
 * are those of look-ups (util/error.h). */
static inline int16_t sock_narrow(int error)
{
    CHECK(error >= INT16_MIN && error <= INT16_MAX);
    return (int16_t)error;
}

static inline const struct sock_rare *sock_rare(const struct sock *sock)
{
    return sock->rare != NULL ? sock->rare : sock_rare_none;
}

/* Sees to it that the socket has a rare part. -ENOMEM. */
int sock_make_rare(struct sock *sock);
void sock_free_rare(struct sock *sock);

/* Notes SO_RCVTIMEO and SO_SNDTIMEO. -ENOMEM. */
int sock_set_limits(struct sock *sock, uint64_t receive, uint64_t send);

/* The note of the file that the socket was to remove, for the caller to free; or NULL. */
struct sock_file *sock_take_file(struct sock *sock);

/* Whether bytes were given back during a delivery that is not over. */
static inline bool sock_has_returned(const struct sock *sock)
{
    return buffer_length(&sock_rare(sock)->returned) > 0;
}

/* A socket around a descriptor of known kind, which is consumed on success. */
int sock_wrap(struct net *net, int fd, int domain, int type, int protocol, uid_t owner,
              struct sock **out);

/* Whether closing its descriptor may take time. To be asked while the socket is there: its end may
 * be that of the object. A listener goes at once: its port is free then. */
static inline bool sock_closes_slowly(const struct sock *sock)
{
    return sock->foreign && !sock->listening;
}

/* Closes a socket's former descriptor, without waiting for anything. */
void sock_close_fd(int fd, bool slowly);

/* Nobody finds the socket any more, and whoever waits on it fails with -EBADF. Returns its
 * descriptor. */
int sock_withdraw(struct sock *sock);

/* The end of a socket that is withdrawn, but for its descriptor: tells those who want to know. */
void sock_conclude(struct sock *sock);

/*
 * From now on the loop tells what happens to the descriptor, and what is ready already. Who waits
 * or looks on needs it; a socket on which nobody ever does saves the kernel the telling. 0, or what
 * loop_io_start says.
 */
int sock_join_loop(struct sock *sock);

/* There is no room to write: the loop is to tell when there is, if it tells anything. To be said
 * again after each look that found none. */
void sock_want_write(struct sock *sock);

/* Serves the queues in later rounds of the loop; and of the network's sockets those whose turn it
 * is. */
void sock_serve_later(struct sock *sock);
void sock_serve_due(struct loop_task *task);

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

/* ---- of those who look on (sock_watch.c) ---- */

/* Tells the watches what has changed, after the queues had their turn with `events`. */
COLD void sock_look(struct sock *sock, unsigned events);

/* These states, of SOCK_*, are news when they hold again, or still. */
void sock_forget_told(struct sock *sock, unsigned states);

/* A call has met this error (negative): the watches hear of it if it is the connection's. Returns
 * it. */
int sock_failed(struct sock *sock, int error);

/* The error that was taken from the kernel before its time: negative, and no longer kept; or 0. */
static inline int sock_take_kept_error(struct sock *sock)
{
    int error = -sock->kept_error;
    sock->kept_error = 0;
    return error;
}

COLD void sock_show_taps(struct sock *sock, unsigned direction, const void *data, size_t length);

/* Bytes have been received (LOOP_READ) or sent (LOOP_WRITE). */
static inline void sock_show(struct sock *sock, unsigned direction, const void *data, size_t length)
{
    if (!list_empty(&sock_rare(sock)->taps))
        sock_show_taps(sock, direction, data, length);
}

/* ---- of the engine (op.c) ---- */

/* Lets the operations that wait on the socket try, for the given readiness. The caller holds a
 * reference. */
void op_serve(struct sock *sock, unsigned ready);

/* Completes everything that waits on the socket with `error`, through the loop. */
void op_fail_all(struct sock *sock, int error);
