/*
 * The asynchronous half of libsockd, which fits any event loop: requests are handed in, answers
 * come by callback.
 *
 *     static void on_line(struct sockd_client *client, const struct sockd_answer *answer,
 *                         void *context)
 *     {
 *         struct sockd_bytes line;
 *
 *         if (sockd_answer_bytes(answer, &line) == 0)
 *             printf("%.*s", (int)line.size, line.data);
 *     }
 *
 *     sockd_submit_read_until(client, id, "\n", 1, SOCKD_NO_LIMIT, 5.0, on_line, NULL, NULL);
 *     while (sockd_pending(client) > 0) {
 *         struct pollfd fd = {.fd = sockd_fd(client), .events = sockd_events(client)};
 *         poll(&fd, 1, sockd_timeout_ms(client));
 *         sockd_process(client);
 *     }
 *
 * The rules:
 *
 * - A request that fails to start returns its error and never calls back. One that has started
 *   calls back exactly once: with its answer, or with what came in its place, also when the
 *   connection is lost or the client is disconnected.
 * - Callbacks come from sockd_process(), from a blocking call while it waits, and from
 *   sockd_disconnect() and sockd_reconnect(); never from the function that made the request.
 * - From within a callback one may submit, cancel and disconnect; not wait: blocking calls,
 *   sockd_process() and sockd_reconnect() return -EDEADLK there. After a callback has disconnected
 *   the client, the others are called with -ECANCELED, the call in progress returns -ECANCELED,
 *   and the client is gone.
 * - Answers come as they are ready, in any order.
 */
#ifndef SOCKD_ASYNC_H
#define SOCKD_ASYNC_H

#include <stddef.h>
#include <stdint.h>

#include <sockd/answer.h>
#include <sockd/args.h>
#include <sockd/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Takes an answer apart with the functions of sockd/answer.h. The answer lives until it returns. */
typedef void (*sockd_answer_fn)(struct sockd_client *client, const struct sockd_answer *answer,
                                void *context);

/* Takes a notification: its method ("sockd.data") and its parameters, an array. Both live until it
 * returns. */
typedef void (*sockd_notify_fn)(struct sockd_client *client, const char *method,
                                const struct sockd_value *params, void *context);

/*
 * As sockd_open(), but never waits. When the daemon's queue of connections is full, connecting goes
 * on in sockd_process(), for five seconds at most; requests may be made at once.
 */
int sockd_open_nonblocking(const char *path, struct sockd_client **client);

/*
 * Requests any method by its name on the wire, with these parameters (NULL: none). sockd/submit.h
 * has a function for each method, which is made of this. The callback NULL: the answer interests
 * nobody. *request, if asked for, is the number by which the request can be cancelled.
 *
 * The request is sent by the next sockd_process(), together with others. -EAGAIN: more than
 * 16 MiB wait to be sent, process first; -EMSGSIZE: the parameters are too long; -EINVAL: they are
 * not whole; -ENOMEM; or what ended the connection.
 */
int sockd_submit(struct sockd_client *client, const char *method, const struct sockd_args *args,
                 sockd_answer_fn callback, void *context, uint32_t *request);

/*
 * Asks the daemon to end a request. Its callback comes with -ECANCELED, or with the answer if that
 * was on its way; a request that does not wait is not affected. If the daemon does not say within a
 * second which it is, the connection is lost: only so nothing is lost that the request would have
 * read. -ENOENT: no such request is in flight; -EALREADY: it is being cancelled; -ENOMEM.
 */
int sockd_cancel_request(struct sockd_client *client, uint32_t request);

/*
 * How long a request may take from now on, in seconds, in place of what sockd_set_deadline() said
 * when it was made; then it is cancelled, and its callback comes with -ETIMEDOUT in place of
 * -ECANCELED. -ENOENT: no such request is in flight; -EALREADY: it is being cancelled.
 */
int sockd_set_request_deadline(struct sockd_client *client, uint32_t request, double seconds);

/* How many requests have not called back yet. */
size_t sockd_pending(const struct sockd_client *client);

/* Calls back with every notification of the daemon's from now on; NULL with none. A client gets
 * notifications only of what it asked for: sockd.watch, sockd.stream, sockd.trace. */
void sockd_on_notify(struct sockd_client *client, sockd_notify_fn callback, void *context);

/*
 * What to wait for: the descriptor, which stays the client's, the events of poll(2) (POLLIN,
 * POLLOUT), and for how many milliseconds at most, -1 for ever. Ask again after everything that
 * used the client. The descriptor is -1, and there are no events, while there is no connection; it
 * changes with sockd_reconnect().
 */
int sockd_fd(const struct sockd_client *client);
short sockd_events(const struct sockd_client *client);
int sockd_timeout_ms(const struct sockd_client *client);

/*
 * Sends and receives what can be sent and received now, calls back, and sees to the deadlines. To
 * be called when the descriptor is ready or the time is over; at other times it does no harm. It
 * never waits. 0; or the negative errno that ended the connection, also at every later call:
 * -ECONNRESET if the daemon closed it, -EBADMSG if it talks nonsense, -ETIMEDOUT if it does not
 * answer, -ECANCELED if a callback disconnected the client, which then is gone.
 */
int sockd_process(struct sockd_client *client);

/*
 * Ends the connection, if there still is one, and makes a new one to the same path, in the way the
 * first was made. Requests in flight call back with -ECANCELED before. The callback for
 * notifications stays, but what was asked for (watches, streams, traces) ended with the connection.
 * The library never reconnects by itself. Errors as of sockd_open(), after which it may be tried
 * again; -EDEADLK in a callback; -EOPNOTSUPP for a client made by sockd_open_fd().
 */
int sockd_reconnect(struct sockd_client *client);

#ifdef __cplusplus
}
#endif

#endif
