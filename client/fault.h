/*
 * Why the last call failed: the error object behind sockd_last_error(), and how an answer of the
 * daemon, of whatever shape, becomes one.
 */
#ifndef CLIENT_FAULT_H
#define CLIENT_FAULT_H

#include "protocol/message.h"

#include <sockd/client.h>

struct fault {
    struct sockd_error error; /* what the caller sees; its texts are those below */
    char method[64];
    char name[32];
    char brief[160]; /* the message, when there is no memory for a longer one */
    char *text;      /* the message, if it is longer; owned */
};

void fault_init(struct fault *fault);
void fault_deinit(struct fault *fault);

/* A new call of that method begins: there is no error yet. */
void fault_begin(struct fault *fault, const char *method, size_t size);

/* Sets the error. error is a negative errno, and what is returned; text NULL means its sentence. */
int fault_set(struct fault *fault, enum sockd_origin origin, int error, const char *text);

/* Sets the error from a response whose error slot is not nil, and returns it. */
int fault_set_answer(struct fault *fault, const struct message *answer);

#endif
