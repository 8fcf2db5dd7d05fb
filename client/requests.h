/*
 * The requests in flight: in the order in which they were made, and found by msgid. An element
 * lives in its owner's memory; adding one never fails.
 */
#ifndef CLIENT_REQUESTS_H
#define CLIENT_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kept;
struct message;
struct sockd_client;

struct request {
    struct request *next, *prev; /* by age */
    struct request *chain;       /* of the same bucket */
    uint32_t msgid;
    int cancelled; /* 0; or why the daemon was asked to end it, a negative errno */
    bool takes;    /* the answer may bring a descriptor */
    int fd;        /* which it has brought, or -1; to be closed, or taken, by who completes it */
    struct kept *kept; /* that answer's result, while the daemon is told whether it came; or NULL */
    int64_t deadline;  /* in milliseconds of the monotonic clock; INT64_MAX is never */
    /* Called once, when the answer is there; it lives until the connection is filled again. With
     * NULL the connection is lost, and the client's lost says how. The request is no longer in
     * flight then. */
    void (*complete)(struct sockd_client *client, struct request *request,
                     const struct message *answer);
};

enum { REQUESTS_BUCKETS = 16 };

struct requests {
    struct request *first, *last;
    struct request **buckets; /* few, or more from malloc(3); a power of two */
    size_t size;
    size_t count;
    struct request *few[REQUESTS_BUCKETS];
};

void requests_init(struct requests *requests);

/* There must be none in flight. */
void requests_deinit(struct requests *requests);

/* Appends a request whose msgid no other has. */
void requests_add(struct requests *requests, struct request *request);
void requests_remove(struct requests *requests, struct request *request);

/* NULL if there is none. */
struct request *requests_find(const struct requests *requests, uint32_t msgid);

#endif
