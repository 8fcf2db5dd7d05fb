/*
 * libsockd: the C client of sockd, a daemon that owns sockets for others.
 *
 *     struct sockd_client *client;
 *     uint64_t id;
 *     struct sockd_bytes line;
 *
 *     if (sockd_open(NULL, &client) < 0)
 *         return 1;
 *     if (sockd_tcp_connect(client, "example.com", 80, 5.0, &id) == 0 &&
 *         sockd_write(client, id, request, sizeof request, 5.0, NULL) == 0 &&
 *         sockd_read_until(client, id, "\r\n", 2, SOCKD_NO_LIMIT, 5.0, &line) == 0)
 *         printf("%.*s", (int)line.size, line.data);
 *     sockd_disconnect(client);
 *
 * Every function that can fail returns 0, or a negative errno; sockd_last_error() says more. The
 * library keeps no global state, starts no threads and touches no signals. A client may be used
 * by one thread at a time; a process may have any number of clients.
 *
 * The sockets live in the daemon, and live on when the client goes. What an answer points to
 * (bytes, values) belongs to the client and lives until its next call.
 */
#ifndef SOCKD_CLIENT_H
#define SOCKD_CLIENT_H

#include <sockd/answer.h>
#include <sockd/args.h>
#include <sockd/async.h>
#include <sockd/types.h>
#include <sockd/value.h>
#include <sockd/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Connects to the daemon. path NULL stands for $SOCKD_SOCKET if that is set; else
 * $XDG_RUNTIME_DIR/sockd/sockd.sock if a daemon of the user's listens there; else
 * /run/sockd/sockd.sock. On failure *client is NULL: -ENOENT or -ECONNREFUSED if no daemon is
 * there, -EACCES without the right to connect, -ENAMETOOLONG, -ETIMEDOUT if the daemon does not
 * accept, and what socket(2) and connect(2) say.
 */
int sockd_open(const char *path, struct sockd_client **client);

/*
 * A client over a stream socket that is connected already, which it owns from now on: one end of
 * a socketpair(2), say, whose other end a tunnel to another machine has. Descriptors can be taken
 * and given only if that is the daemon itself. It cannot be reconnected. On failure, -ENOMEM or
 * -EMFILE, the descriptor remains the caller's. One of 0 to 2 moves above 2: sockd_fd() tells.
 */
int sockd_open_fd(int fd, struct sockd_client **client);

/* The version of the library that runs; SOCKD_VERSION is that of these headers. */
const char *sockd_version(void);

/* Where sockd_open(path) looks, or would look; never fails. -ENAMETOOLONG if it does not fit. */
int sockd_find_path(const char *path, char *buffer, size_t size);

/* Ends the connection and frees the client; the sockets live on. Requests of the asynchronous half
 * that are in flight call back with -ECANCELED before. NULL is ignored. */
void sockd_disconnect(struct sockd_client *client);

/* Why the last call failed; origin is SOCKD_ORIGIN_NONE if it did not. The texts live until the
 * next call. */
const struct sockd_error *sockd_last_error(const struct sockd_client *client);

/* How long a call may take in all, in seconds, whatever timeout it gives the daemon; SOCKD_FOREVER
 * is what a client begins with. A call that takes longer is cancelled and returns -ETIMEDOUT;
 * what it would have read stays. */
void sockd_set_deadline(struct sockd_client *client, double seconds);

/* A descriptor that interrupts: while it is readable, a waiting call is cancelled and returns
 * -EINTR. It stays the caller's; -1 for none. Meant for a signalfd(2) or a pipe that a signal
 * handler writes to. */
void sockd_set_interrupt(struct sockd_client *client, int fd);

/* Calls any method by its name on the wire. args are its parameters (NULL: none). *result, if
 * asked for, is the answer, and lives until the client's next call. */
int sockd_request(struct sockd_client *client, const char *method, const struct sockd_args *args,
                  const struct sockd_value **result);

/* The handle of the socket of that name among the caller's own, for the functions that take a
 * number; "uid:name" names somebody else's. -EBADF if there is none. */
int sockd_find(struct sockd_client *client, const char *name, uint64_t *id);

/*
 * As sockd_write() of data of any size, in pieces, all within one timeout; another writer's data
 * may come between two pieces. *sent is how much went out, after a failure too.
 */
int sockd_write_all(struct sockd_client *client, uint64_t h, const void *data, size_t size,
                    double timeout, size_t *sent);

#ifdef __cplusplus
}
#endif

#include <sockd/methods.h>
#include <sockd/pass.h>
#include <sockd/submit.h>

#endif
