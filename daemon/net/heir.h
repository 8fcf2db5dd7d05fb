/*
 * How a listener gets a successor: another socket object on the same kernel socket, with its
 * address and its queue of connections. Nothing is accepted twice, refused or lost: until the
 * succession the old one accepts and the heir holds still; after it the heir does and the old one
 * is closed.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct address;
struct net;
struct sock;

/* An heir that holds still. It may be closed, and then nothing has happened to the listener. The
 * limit on sockets does not count, since soon there will be one less. -EBADF when the listener is
 * closed, otherwise what dup(2) says, -ENOMEM. */
int heir_new(struct sock *listener, uid_t owner, struct sock **out);

/*
 * The heir accepts from now on, first what was accepted and given back (sock_unaccept); the file of
 * a unix socket is its own, and the listener, open or closed, closes.
 */
void heir_succeed(struct sock *heir, struct sock *listener);

/* The heir of a listener that has closed by itself accepts from now on. */
void heir_release(struct sock *heir);

/* Whether the listener's address answers `asked`: it is bound to it; or both left the port to the
 * kernel, on the same host. */
bool heir_matches(struct sock *listener, const struct address *asked);
