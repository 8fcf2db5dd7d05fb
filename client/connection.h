/*
 * The connection to the daemon: a queue of bytes to send, and whole messages out of the bytes that
 * arrive. It never waits; whoever waits, for one answer or in a loop of his own, drives it.
 *
 * Nothing received is trusted: each message passes the same scan that the daemon's input does.
 */
#ifndef CLIENT_CONNECTION_H
#define CLIENT_CONNECTION_H

#include "client/descriptors.h"
#include "protocol/message.h"
#include "protocol/scan.h"
#include "protocol/writer.h"

#include <stdbool.h>

struct connection {
    int fd;
    struct writer out; /* what is to be sent; the caller appends whole messages */
    size_t sent;       /* how much of it the kernel has */
    bool connecting;   /* the daemon's queue was full; connection_retry() goes on */
    bool deaf;         /* the daemon takes no more; it may still have something to say */
    uint8_t *in;       /* received: consumed up to begin, filled up to end */
    size_t begin;
    size_t end;
    size_t capacity;
    struct scan scan; /* of the message at begin */
    struct descriptors_in fds_in;
    struct descriptors_out fds_out; /* with offsets in out */
};

/* Connects to the socket at that path. 0, or the negative errno of socket(2) or connect(2);
 * -ETIMEDOUT if the daemon's queue of connections stays full. After a failure there is nothing to
 * close. */
int connection_open(struct connection *connection, const char *path);

/* The same without waiting: with a full queue it succeeds, and connecting is set. */
int connection_begin(struct connection *connection, const char *path);

/* Tries again to connect. 0 when connected; -EAGAIN as long as the queue is full; otherwise the
 * connection is no good. */
int connection_retry(struct connection *connection, const char *path);

/* Nothing more is sent, nothing that comes is wanted; what was received is still there. */
void connection_shutdown(struct connection *connection);

/* Over a socket that is connected, which is consumed. */
void connection_adopt(struct connection *connection, int fd);

/* Does nothing to one that is closed already. */
void connection_close(struct connection *connection);

/* Whether there is something to send; then connection_flush() is worth a try when the descriptor
 * is writable. */
bool connection_has_output(const struct connection *connection);

/* Sends what the kernel takes now. 0, or a negative errno after which the connection is no good. A
 * daemon that reads no more is no error here: its last words may wait to be received. */
int connection_flush(struct connection *connection);

/* Receives once. Returns 1 if something came, 0 if nothing is there now, -ECONNRESET at the end,
 * or another negative errno. Messages handed out before are invalid afterwards. */
int connection_fill(struct connection *connection);

/* Hands out the next whole message that has been received. Returns 1; 0 if there is none yet; or
 * -EBADMSG with message->reason if what came is no message. The message points into the
 * connection and lives until the next fill or trim. */
int connection_next(struct connection *connection, struct message *message);

/* A request may be answered with a descriptor, which is kept for it then. */
void connection_expect_fd(struct connection *connection);

/* Such an answer is here, with a descriptor or not: the descriptor, which is the caller's from now
 * on, or -1. */
int connection_claim_fd(struct connection *connection, bool came);

/* Sends a duplicate of the descriptor with the byte of the output at that offset, which has not
 * been sent. 0, -EAGAIN if too many wait, or what fcntl(2) says. */
int connection_attach_fd(struct connection *connection, size_t offset, int fd);

/* Gives back memory that a large message needed, when nothing received is waiting. */
void connection_trim(struct connection *connection);

#endif
