/*
 * Operations: whatever may have to wait.
 *
 * An operation lives in memory of its caller. One of the op_* constructors fills it in, op_start
 * tries it at once, and only if it cannot proceed it is parked on its socket, to complete later,
 * exactly once, through `done`, which is always called from the loop and never from within
 * op_start, op_cancel or sock_close. Whose it is `done` knows by what the operation is a part of
 * (CONTAINER_OF).
 *
 *     op_read(&op, sock, &what);
 *     if (op_start(&op, deadline, done) == OP_WAIT)
 *         return;                         // done(&op) will come
 *     // complete: op.status, and what the operation yields
 *     op_finish(&op);
 *
 * Whoever sees an operation complete (after OP_DONE, or in `done`) takes its result out and calls
 * op_finish, after which the memory is free for the next one.
 *
 * Readers of a socket are served in the order in which they came, writers too.
 */
#pragma once

#include "loop/loop.h"
#include "net/address.h"
#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct connect_work;
struct net;
struct op;
struct op_class;
struct quota_user;
struct sock;
struct watch;

typedef void op_done_fn(struct op *op);

/* Of a stream: how many bytes its taker has room for, now; and the taking of them. */
typedef size_t op_room_fn(struct op *op);
typedef int op_take_fn(struct op *op, const void *data, size_t length);

/* Bytes of somebody else. A parked operation reads its `out.data` and `in.delimiters` anew at each
 * step: after OP_WAIT the caller may point them to a copy of its own. */
struct slice {
    const void *data;
    size_t length;
};

struct op {
    unsigned magic;
    int status; /* when complete: 0, or a negative error (util/error.h) */
    const struct op_class *class;
    struct sock *sock; /* a reference; NULL for an operation on no socket yet */
    op_done_fn *done;
    struct list link; /* in a ring or list of the socket's, or among the completed */
    struct loop_timer timer;
    uint8_t state;
    bool dont_wait : 1; /* as on a non-blocking socket */
    bool limited : 1;   /* by SO_RCVTIMEO or SO_SNDTIMEO */
    bool any : 1;       /* recv: whatever is there will do */
    bool eof : 1;       /* of what receives: the stream ended before what was asked for */
    bool message : 1;   /* of what receives: the result is a message, in `in.block` */
    bool delivers : 1;  /* complete, and its bytes may still lie in the socket's read-ahead */
    uint8_t note;       /* the caller's own, who has room for it here */
    union {
        /* send, write, syswrite: `sent` is valid after failures too */
        struct {
            const uint8_t *data;
            size_t length, sent;
            int flags;
            struct sendto_work *work; /* sendto */
        } out;
        /* recv, read, sysread: `data` points into the read-ahead, or for a message into a block of
           its own, until op_finish */
        struct {
            const uint8_t *data;
            size_t length;
            size_t limit;
            union {
                const struct slice *delimiters; /* of a stream */
                void *block;                    /* of a message */
            };
            union {
                uint32_t delimiter_count;
                uint32_t block_size;
            };
            int flags;
        } in;
        /* wait, watch */
        struct {
            unsigned want, got; /* LOOP_READ, LOOP_WRITE */
            struct watch *work; /* of a descriptor that is no socket */
        } ready;
        /* stream */
        struct {
            size_t piece; /* what is taken at a time, at most */
            op_room_fn *room;
            op_take_fn *take;
            bool flowing; /* false until the first op_stream_resume */
        } stream;
        /* accept, tcp_connect, tcp_listen: take the reference with op_take_sock */
        struct {
            struct quota_user *payer; /* op_set_payer */
            void *work;               /* of the operation itself */
            struct sock *sock;
            const struct address *from; /* accept: the peer, until op_finish or the next op_start */
        } made;
        /* connect */
        struct {
            struct connect_work *work;
            bool started;
        } connect;
        /* resolve */
        struct {
            struct quota_user *payer; /* where that of `made` is */
            void *work;
            struct addrinfo *list; /* freed by op_finish */
        } found;
    };
};

enum {
    OP_DONE = 0,
    OP_WAIT = 1, /* parked; `done` comes exactly once */
};

/* ---- constructors: they cannot fail; what is wrong with the arguments shows in the status ---- */

/* One send(2), when there is room. `flags`: MSG_*. Result: out.sent. */
void op_send(struct op *op, struct sock *sock, const void *data, size_t length, int flags);

/* One sendto(2) to `to`, which is copied, when there is room; an empty message is sent as one. */
void op_sendto(struct op *op, struct sock *sock, const struct address *to, const void *data,
               size_t length, int flags);

/* All of it, whatever the socket's mode. */
void op_write(struct op *op, struct sock *sock, const void *data, size_t length);

/* One write(2), when there is room. */
void op_syswrite(struct op *op, struct sock *sock, const void *data, size_t length);

/*
 * `size` bytes, or with a non-blocking socket (or MSG_DONTWAIT) up to `size`; OP_RECV_ANY: what is
 * there, at most 512 bytes of a stream. Result: in.data, in.length, eof. With MSG_PEEK nothing
 * is consumed. op_sender: who sent a message.
 */
#define OP_RECV_ANY SIZE_MAX
void op_recv(struct op *op, struct sock *sock, size_t size, int flags);

/* Of a complete one, until op_finish or the next op_start: the sender, of length 0 if the message
 * has none; NULL for what is no message. */
const struct address *op_sender(const struct op *op);

/*
 * Up to and including the earliest end of one of the delimiters, or `limit` bytes (OP_READ_ALL: no
 * limit), whichever is first; waits whatever the socket's mode. Result as recv's. -ENOBUFS when
 * the read-ahead is full and no delimiter came; the bytes stay.
 */
#define OP_READ_ALL SIZE_MAX
struct read_what {
    size_t limit;
    const struct slice *delimiters; /* must outlive the operation */
    uint32_t delimiter_count;
};
void op_read(struct op *op, struct sock *sock, const struct read_what *what);

/* Up to and including one delimiter, of a byte or more, that is read ahead: complete as after
 * op_start. False: it is not there or not this one's turn; op_read is needed. */
bool op_read_ahead(struct op *op, struct sock *sock, const struct slice *delimiter);

/* What is there, up to `size`; 0 bytes and eof at the end of the stream. */
void op_sysread(struct op *op, struct sock *sock, size_t size);

/* Waits until the socket is ready for one of `want` (LOOP_READ, LOOP_WRITE). Result: ready.got. */
void op_wait(struct op *op, struct sock *sock, unsigned want);

/* The same for a descriptor that no socket owns, level-triggered; a regular file is always ready.
 * `fd` -1: nothing but the deadline ends it. -EBADF. */
void op_watch(struct op *op, struct net *net, int fd, unsigned want);

/* sysconnect: waits for the outcome, or fails with -EINPROGRESS on a non-blocking socket.
 * `address` is copied. */
void op_connect(struct op *op, struct sock *sock, const struct address *address);

/* Result: made.sock and made.from. */
void op_accept(struct op *op, struct sock *sock);

/*
 * Connects to the first address of a name that answers (RFC 8305). `host` may be a name, an
 * address, "unix/" with a path as `port`, or with `port` NULL a URL ("tcp://host:port",
 * "host:port", "[v6]:port", "unix/:path"). The strings are copied. Result: made.sock.
 */
void op_tcp_connect(struct op *op, struct net *net, uid_t owner, const char *host,
                    const char *port);

/* Looks up `host` (NULL: all local interfaces) and listens on the first of its addresses that
 * binds. Result: made.sock. */
void op_tcp_listen(struct op *op, struct net *net, uid_t owner, const char *host, const char *port,
                   int backlog);

/* Before it is started: each address is first offered to `inherit`, which may return true and a
 * listener of its own (a reference) instead of a new one. */
typedef bool op_inherit_fn(void *context, const struct address *address, struct sock **out);
void op_tcp_listen_inherit(struct op *op, op_inherit_fn *inherit, void *context);

/* getaddrinfo(3) off the loop; numeric hosts never wait. The hints are copied. Result: found.list.
 */
struct addrinfo;
void op_resolve(struct op *op, struct net *net, const char *host, const char *service,
                const struct addrinfo *hints);

/* getnameinfo(3) off the loop; `flags`: NI_*. The address is copied. The results are valid until
 * op_finish. */
void op_reverse(struct op *op, struct net *net, const struct address *address, int flags);
/* The same of a host's entry (gethostbyname(3)), or of an IPv4 address in numbers: `host` becomes
 * all its names, `service` its IPv4 addresses, with a space between any two. */
void op_host_entry(struct op *op, struct net *net, const char *host);
const char *op_reverse_host(const struct op *op);
const char *op_reverse_service(const struct op *op);

/*
 * A reader that stays until the end of the stream, an error, or op_abort, and hands on what comes.
 * `room` says how much of it may be, 0 for nothing until op_stream_resume; `take` gets the bytes,
 * at most a `piece` at a time and no more than there was room for together, and may refuse them
 * with an error, which ends the stream and leaves them to the next reader. Neither may start
 * operations or close the socket. It is always parked first, so that whoever asked can be told, and
 * flows from the first op_stream_resume on.
 */
void op_stream(struct op *op, struct sock *sock, size_t piece, op_room_fn *room, op_take_fn *take);
void op_stream_resume(struct op *op);

/* Of an operation that may look names up, before op_start: whose account is charged for that. */
void op_set_payer(struct op *op, struct quota_user *payer);

/* ---- life ---- */

/*
 * Tries the operation. OP_DONE: it is complete and `done` is never called. OP_WAIT: it is parked
 * until it completes or `deadline` (loop_deadline; LOOP_NEVER) passes, then with -ETIMEDOUT. A
 * deadline in the past tries once.
 */
int op_start(struct op *op, uint64_t deadline, op_done_fn *done);

/* Completes a parked operation with `error` (negative). Too late if it has completed. */
void op_cancel(struct op *op, int error);

/* Takes an operation back whose `done` has not been called yet, and which will not be called: it
 * has had no effect but what was sent. Ends it as op_finish does. */
void op_abort(struct op *op);

/* Of a completed read: its bytes are delivered and leave the read-ahead. Not calling it leaves
 * them to the next reader. */
void op_consume(struct op *op);

/* The reference to the socket that was made or accepted. Without it op_finish closes a new socket
 * and offers an accepted one to the next accept. */
struct sock *op_take_sock(struct op *op);

/* Releases what a complete operation holds. */
void op_finish(struct op *op);

/* Whether it is parked. */
bool op_is_waiting(const struct op *op);
