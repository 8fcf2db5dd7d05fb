/*
 * A question to the name service, and its answer: what libc is asked, in a thread that may wait.
 */
#pragma once

#include "util/fair.h"
#include "util/list.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct hosts;

/* At the very beginning of a block of malloc(3), whose rest is the asker's. */
struct question {
    struct list link;        /* when it is answered */
    struct fair_item queued; /* before that, by asker */
    uint64_t asker;
    int lane; /* in whose queue it is, or was */
    char *host, *service;
    bool has_hints, reverse;
    bool entry; /* of host, which becomes all its names, and service its IPv4 addresses */
    struct addrinfo hints;
    struct sockaddr_storage address; /* of a reverse one, which finds host and service */
    socklen_t address_length;
    int flags;
    int result; /* 0 or a negative error (util/error.h) */
    struct addrinfo *list;
};

/* Frees the block. */
void question_free(struct question *question);

/* Asks, for as long as that takes, and fills in the result. */
void question_answer(struct question *question);

/* Whether no name service needs to be asked for it. */
bool question_is_near(struct hosts *hosts, const struct question *question);
