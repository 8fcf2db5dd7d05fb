/* A daemon's stand-in: a thread behind a unix socket that does what a test's script says.
 *
 * The script gets the connection and plays its part; when it returns, the connection is closed. The
 * path is set in $SOCKD_SOCKET too, where the client finds it.
 */
#pragma once

#include "protocol/message.h"
#include "protocol/writer.h"

#include <pthread.h>
#include <stdbool.h>

typedef void (*peer_script)(int fd, void *context);

struct peer {
    char folder[64];
    char path[96];
    int listener;
    int connections; /* how many clients the script plays for, one after the other */
    peer_script script;
    void *context;
    pthread_t thread;
};

/* Starts to listen and to play the script for that many clients. */
void peer_start(struct peer *peer, int connections, peer_script script, void *context);

/* Waits until the script is over, and removes all traces. */
void peer_stop(struct peer *peer);

/* A request as the script sees it. */
struct peer_request {
    unsigned char *bytes; /* to be freed */
    struct message message;
};

/* Receives the next message. False at the end of the stream. */
bool peer_receive(int fd, struct peer_request *request);
void peer_request_free(struct peer_request *request);

/* Whether it is a call of that method with exactly these parameters, written as JSON-like text is
 * too much for: compare with peer_params(). */
bool peer_is(const struct peer_request *request, const char *method);

/* The parameters as their bytes in hexadecimal, "" for none; static. */
const char *peer_params(const struct peer_request *request);

/* Sends bytes as they are. */
void peer_send(int fd, const void *bytes, size_t size);

/* Sends the answer with that result, which is encoded already. */
void peer_answer(int fd, const struct peer_request *request, const void *result, size_t size);
void peer_fail(int fd, const struct peer_request *request, const struct message_error *error);

/* A script: answers every request with the same result, a struct peer_reply. What it was asked last
 * is kept. */
struct peer_reply {
    const void *result; /* encoded */
    size_t size;
    const struct message_error *error; /* in place of a result */
    int requests;                      /* how many there were */
    char method[64];
    char params[4096]; /* of the last, in hexadecimal */
};

void peer_reply(int fd, void *reply);

#define PEER_REPLY(bytes)                            \
    {                                                \
        .result = (bytes), .size = sizeof(bytes) - 1 \
    }
