/*
 * An answer as the getters of sockd/answer.h see it, of a blocking call or in a callback.
 */
#ifndef CLIENT_ANSWER_H
#define CLIENT_ANSWER_H

#include "client/fault.h"
#include "protocol/message.h"

#include <sockd/client.h>

/* What is in the place of a descriptor that somebody has taken; -1 if none came. */
enum { ANSWER_FD_TAKEN = -2 };

struct sockd_answer {
    struct sockd_client *client;
    struct fault *fault; /* of this answer; knows the method */
    int *fd;             /* where the descriptor is that came with it; see above */
    int error;           /* what the fault says, negative; 0: there is a message */
    struct message message;
};

/* The answer is not what the method promises: -EPROTO, and the fault says so. */
int answer_mismatch(const struct sockd_answer *answer);

#endif
