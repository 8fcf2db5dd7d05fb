/*
 * A socket object: a descriptor with its read-ahead, the operations that wait on it, its last
 * error and its owner. Counted references keep the object; closing ends the socket while
 * references may remain.
 *
 * The calls here never wait; those that may are operations (net/op.h). Each sets the socket's last
 * error, as op.h's do, and returns a negative errno on failure. On a closed socket they return
 * -EBADF and leave the last error alone.
 */
#pragma once

#include "net/address.h"
#include "util/list.h"

#include <stdint.h>
#include <sys/types.h>

struct net;
struct sock;

/*
 * A new socket, non-blocking in the kernel and blocking for its users, with one reference for the
 * caller. -EMFILE at the limit, otherwise what socket(2) says.
 */
int sock_new(struct net *net, int domain, int type, int protocol, uid_t owner, struct sock **out);

/* Two that are connected to each other, as socketpair(2) makes them. */
int sock_new_pair(struct net *net, int domain, int type, int protocol, uid_t owner,
                  struct sock *out[2]);

/* Takes over a descriptor of an open socket, of whatever state. The descriptor is consumed on
 * success only. -ENOTSOCK, -EMFILE; -EEXIST: a socket has it already (net_find_fd). */
int sock_adopt(struct net *net, int fd, uid_t owner, struct sock **out);

/*
 * Binds and listens at one address as servers do: SO_REUSEADDR, and for a unix path a dead socket
 * file is replaced (-EADDRINUSE if it lives) and removed when the socket closes. `backlog` 0: the
 * system's maximum.
 */
int sock_new_listener(struct net *net, const struct address *at, int backlog, uid_t owner,
                      struct sock **out);

/* The second half of it, for a socket that its user has prepared. */
int sock_listen_at(struct sock *sock, const struct address *at, int backlog);

struct sock *sock_ref(struct sock *sock);

/* The last reference closes the socket. NULL is allowed. */
void sock_unref(struct sock *sock);

/* From now on the socket lives until it is closed, whoever drops references. */
void sock_keep(struct sock *sock);

/*
 * Ends the socket: every operation that waits on it completes with -EBADF (its caller hears of it
 * from the loop, not from within this call). -EBADF if it is closed already.
 */
int sock_close(struct sock *sock);

/*
 * Whom to tell that a socket closes: once, from within sock_close or the last sock_unref, when it
 * is closed already and its number and owner still answer. Unlinking `link` takes it back. It is
 * neither an operation nor a reference. -ENOMEM.
 */
struct sock_closed {
    struct list link;
    void (*fn)(struct sock_closed *watch);
};
int sock_on_close(struct sock *sock, struct sock_closed *watch);

bool sock_is_open(const struct sock *sock);

/*
 * Lets the descriptor go: the socket is closed for its users as by sock_close, the descriptor is
 * the caller's and stays non-blocking. -EBUSY while bytes are read ahead or wait to be sent, or
 * connections wait to be accepted again: they would be lost.
 */
int sock_detach(struct sock *sock);

/*
 * Lends the descriptor to somebody who may end as its only owner: nobody finds the socket
 * meanwhile, its users fail with -EBADF, and it is made fit for programs that block (O_NONBLOCK is
 * off). What is read ahead stays with the socket. Then either sock_give_away ends it, or
 * sock_take_back makes it again what it was, bytes included. The caller holds a reference until
 * then. sock_may_lend says beforehand: -EBADF, -ENOMEM, or -EBUSY while output waits to be sent, or
 * connections to be accepted again, which would be lost.
 */
int sock_may_lend(struct sock *sock);
int sock_lend(struct sock *sock);
void sock_give_away(struct sock *sock);
void sock_take_back(struct sock *sock);

/* What is read ahead, until the next call on the socket, and the error (negative, or 0) that the
 * reader behind the last byte would get. */
int sock_read_ahead(const struct sock *sock, const void **data, size_t *length);

/*
 * Takes bytes that shall go out with the others that the running fiber writes: at the latest at
 * the next net_flush, which must come before the fiber waits or ends, and before anything on the
 * socket that enters the kernel. An error is that of the next call on the socket. False: not here
 * or not now, use op_write.
 */
bool sock_gather(struct sock *sock, const void *data, size_t length);

/* Sends what the socket has gathered, with these flags (MSG_MORE, or 0), as far as the kernel takes
 * it. */
void sock_flush(struct sock *sock, int flags);

/* Whether the kernel has taken all. */
bool sock_is_flushed(const struct sock *sock);

int sock_bind(struct sock *sock, const struct address *address);
int sock_listen(struct sock *sock, int backlog);
int sock_shutdown(struct sock *sock, int how); /* SHUT_RD, SHUT_WR, SHUT_RDWR */
int sock_name(struct sock *sock, struct address *out);
int sock_peer(struct sock *sock, struct address *out);

/* Whether a call that cannot proceed fails with EAGAIN instead of waiting. */
bool sock_nonblock(const struct sock *sock);
void sock_set_nonblock(struct sock *sock, bool nonblock);

/* The last error: 0 or a positive errno. */
int sock_errno(const struct sock *sock);

/* Makes `error` (negative) the last one, for a call on the socket that failed before it got here.
 * Returns it. */
int sock_fail(struct sock *sock, int error);

/* Puts bytes back before those that the next reader gets: they had been taken for somebody who
 * never received them. -ENOMEM. */
int sock_unread(struct sock *sock, const void *data, size_t length);

/* The same for a connection that was accepted: the next accept gets it, and it is the listener's
 * owner's again. Consumes the reference. */
void sock_unaccept(struct sock *listener, struct sock *connection);

/* ---- what is known about it ---- */

uint64_t sock_id(const struct sock *sock);
int sock_fd(const struct sock *sock); /* -1 when closed */

/* The same for somebody who may do anything with it. */
int sock_expose(struct sock *sock);

/* Whether the descriptor is the only one, so that closing it ends the connection. */
bool sock_is_unshared(const struct sock *sock);
uid_t sock_owner(const struct sock *sock);
void sock_set_owner(struct sock *sock, uid_t owner);
struct net *sock_net(const struct sock *sock);
int sock_domain(const struct sock *sock);
int sock_type(const struct sock *sock);
int sock_protocol(const struct sock *sock);
bool sock_is_listener(const struct sock *sock);
bool sock_is_stream(const struct sock *sock);

/* What recv(2), or send(2) if it writes, says of a listening socket, which has no data: a negative
 * errno. 0 of every other one. */
int sock_data_error(const struct sock *sock, bool writes);

/* "closed", "listening", "connecting", "connected", "bound", "unconnected". */
const char *sock_state(const struct sock *sock);

struct sock_counters {
    uint64_t bytes_in, bytes_out;
    size_t read_ahead;     /* bytes */
    unsigned waiting;      /* operations */
    int64_t created, used; /* seconds since the epoch */
};
void sock_counters(const struct sock *sock, struct sock_counters *out);

/* A use that no operation shows. */
void sock_touch(struct sock *sock);

/* Nanoseconds since the last use, to the length of a round of the loop; 0 while an operation waits.
 */
uint64_t sock_idle(const struct sock *sock);
