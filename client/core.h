/*
 * The client behind both halves of the library: requests in flight, each known by its msgid, over
 * one connection. Whatever arrives is handed to the request it answers; the blocking half is a loop
 * around that, ended when its one request has its answer.
 *
 * Callbacks of the caller's run between core_enter() and core_leave() and never within each other.
 * From within one the client may be disconnected: it is freed when the call that runs the callback
 * ends.
 */
#ifndef CLIENT_CORE_H
#define CLIENT_CORE_H

#include "client/answer.h"
#include "client/connection.h"
#include "client/fault.h"
#include "client/path.h"
#include "client/requests.h"

#include <msgpack/unpack.h>
#include <sockd/client.h>

struct sockd_client {
    struct connection connection;
    struct requests requests;
    uint32_t last_msgid;
    int lost; /* 0, or the negative errno that ended the connection */
    char why_lost[160];
    bool told;        /* sockd_process() has reported the loss */
    bool more;        /* the last sockd_process() left something to be received */
    bool calling;     /* a callback of the caller's runs */
    bool closing;     /* one has disconnected the client */
    bool agreed;      /* the daemon knows that this client takes descriptors */
    bool nonblocking; /* it connects without waiting */
    double deadline;  /* seconds that a call may take */
    int64_t nearest;  /* no request's deadline is before */
    int64_t retry;    /* when to try again to connect */
    int64_t give_up;  /* when not to try any more */
    int interrupt_fd;
    sockd_notify_fn notify;
    void *notify_context;
    struct fault *fault;   /* of the call that is being made: one of the next two */
    struct fault outer;    /* of calls from outside */
    struct fault inner;    /* of calls that a callback makes */
    struct fault answered; /* of the answer that a callback is given */
    msgpack_zone zone;     /* of the last answer's value tree */
    struct kept *kept;     /* results that were handed out since the connection was filled */
    char path[PATH_ROOM];
};

/* A msgid that no request in flight has; never 0. */
uint32_t core_new_msgid(struct sockd_client *client);

/* A request stands in the output: it is in flight from now on, with a deadline in seconds. */
void core_add(struct sockd_client *client, struct request *request, double deadline);

/* Sets or moves a request's deadline, in milliseconds of the clock. */
void core_set_deadline(struct sockd_client *client, struct request *request, int64_t deadline);

/* Asks the daemon to end the request, which completes later with that error, or with the answer
 * that was on its way. 0, or -ENOMEM and nothing was done. */
int core_cancel(struct sockd_client *client, struct request *request, int error);

/* Tries once to connect, if that is due. 0, or how the connection was lost. */
int core_connect(struct sockd_client *client);

/* Sends what can be sent, receives what is there if readable, and completes the requests that were
 * answered. 0, or the negative errno that ended the connection, all requests completed. */
int core_process(struct sockd_client *client, bool readable);

/* Cancels what is beyond its deadline. 0, or how the connection was lost. */
int core_expire(struct sockd_client *client);

/* When core_connect() or core_expire() next has something to do, for poll(2). */
int core_timeout(const struct sockd_client *client);

/* What to poll for, and whether to: -1 while there is no connection. */
short core_events(const struct sockd_client *client);
int core_fd(const struct sockd_client *client);

/* The connection is no good, for that reason (NULL: the errno's sentence): completes all requests
 * and returns the error. */
int core_lose(struct sockd_client *client, int error, const char *why);

/* Sets the fault to how the connection was lost, and returns that. */
int core_report_loss(const struct sockd_client *client, struct fault *fault);

/* How a request ended, by its complete()'s answer: 0, or the error that the fault is set to. */
int core_outcome(const struct sockd_client *client, const struct request *request,
                 const struct message *answer, struct fault *fault);

/*
 * Waits for the answer of a request that stands in the output under that msgid, and whose answer
 * may bring a descriptor if it takes one. Sets the answer's error, and for 0 its message, which
 * lives until the next call.
 */
void core_wait(struct sockd_client *client, uint32_t msgid, bool takes,
               struct sockd_answer *answer);

/* Before and after a callback of the caller's; values of the client's zone end with it. */
void core_enter(struct sockd_client *client);
void core_leave(struct sockd_client *client);

/* Frees a client whose requests are all complete. */
void core_free(struct sockd_client *client);

#endif
