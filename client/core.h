/*
 * The client behind both halves of the library: requests in flight, each known by its msgid, over
 * one connection. Whatever arrives is handed to the request it answers; the blocking half is a loop
 * around that, ended when its one request has its answer.
 */
#ifndef CLIENT_CORE_H
#define CLIENT_CORE_H

#include "client/connection.h"
#include "client/fault.h"

#include <msgpack/unpack.h>
#include <sockd/client.h>

struct request {
    struct request *next;
    uint32_t msgid;
    /* Called once, when the answer is there; it lives until the connection is filled again. With
     * NULL the connection is lost, and the client's lost says how. The request has left the list.
     */
    void (*complete)(struct request *request, const struct message *answer);
};

struct sockd_client {
    struct connection connection;
    struct request *requests;
    uint32_t last_msgid;
    int lost; /* 0, or the negative errno that ended the connection */
    char why_lost[160];
    double deadline; /* seconds that a call may take */
    int interrupt_fd;
    struct fault fault;
    msgpack_zone zone; /* of the last answer's value tree */
};

/* A msgid that no request in flight has. */
uint32_t core_new_msgid(struct sockd_client *client);

/* Sends what can be sent, receives what is there if readable, and completes the requests that were
 * answered. 0, or the negative errno that ended the connection, all requests completed. */
int core_process(struct sockd_client *client, bool readable);

/* The connection is no good, for that reason (NULL: the errno's sentence): completes all requests
 * and returns the error. */
int core_lose(struct sockd_client *client, int error, const char *why);

/*
 * Waits for the answer of a request that stands in the output under that msgid. 0, and the answer
 * is set; it may be the daemon's error, and lives until the next call. Otherwise the negative errno
 * that the fault tells of.
 */
int core_wait(struct sockd_client *client, uint32_t msgid, struct message *answer);

#endif
