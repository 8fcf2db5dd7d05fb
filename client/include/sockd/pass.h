/*
 * Sockets that move between the daemon and this process, as descriptors (SCM_RIGHTS, unix(7)).
 */
#ifndef SOCKD_PASS_H
#define SOCKD_PASS_H

#include <stdint.h>

#include <sockd/async.h>
#include <sockd/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A socket that the daemon has let go. */
struct sockd_taken {
    int fd;                       /* above 2, close-on-exec and blocking */
    struct sockd_bytes data;      /* received already and read by nobody: it comes before what the
                                     descriptor gives; lives as an answer's bytes do */
    int error;                    /* 0; or the positive errno that reading on would have met */
    struct sockd_address address; /* the socket's own; all texts empty if it has none */
    struct sockd_address peer;    /* of the other side; likewise */
};

/*
 * Takes a socket out of the daemon: its handle is gone, and the descriptor is the caller's. Errors
 * are the daemon's: -EBADF no such socket, -EPERM not yours, -EBUSY while connections that were
 * accepted for nobody wait to be accepted again, or output to be sent. Whoever waits on the socket
 * fails with -EBADF. *taken is set on success only.
 *
 * The library tells the daemon whether the descriptor came, and returns when the daemon has heard
 * of it. If none came, as behind a forwarded control socket (ssh -L) or without a free number, the
 * result is -EBADF too, with an error of SOCKD_ORIGIN_CONNECTION; the socket is the daemon's as
 * before, its bytes included. -ENOENT: the confirmation took more than ten seconds, and the daemon
 * has the socket again. A daemon that knows nothing of that has given the socket away in any case.
 */
int sockd_take(struct sockd_client *client, uint64_t h, struct sockd_taken *taken);

/* The same as a request. In its callback sockd_answer_take() hands the descriptor over; one that
 * is not taken there is closed. */
int sockd_submit_take(struct sockd_client *client, uint64_t h, sockd_answer_fn callback,
                      void *context, uint32_t *request);

/* The first call of it in a callback; later ones return -EBADF. */
int sockd_answer_take(const struct sockd_answer *answer, struct sockd_taken *taken);

/*
 * Gives a socket to the daemon, which gets a duplicate of the descriptor: the caller closes his
 * own, and should not use it any more, for both are the same socket. settings may be NULL.
 * Errors: -EINVAL if it is no socket, -EBADF if it is no descriptor, -EAGAIN if sixteen others wait
 * to be sent, -EDQUOT at the caller's quota.
 */
int sockd_give(struct sockd_client *client, int fd, const struct sockd_settings *settings,
               uint64_t *id);

/* The same as a request. The answer: sockd_answer_id(). */
int sockd_submit_give(struct sockd_client *client, int fd, const struct sockd_settings *settings,
                      sockd_answer_fn callback, void *context, uint32_t *request);

#ifdef __cplusplus
}
#endif

#endif
