/*
 * The limit: the least that a single-threaded server on Linux must do for a kind of work, in C on
 * bare epoll, without anything that a program for more than one purpose would need. sockd and its
 * peers are measured as a ratio to it.
 *
 * One system call receives, one sends, and a connection holds memory only while a part of a message
 * has come or cannot be sent.
 */
#ifndef SOCKD_BENCH_LIMIT_H
#define SOCKD_BENCH_LIMIT_H

#include "bench.h"

#include <stdbool.h>
#include <stddef.h>

enum { LIMIT_BUFFER = 64 << 10 };

struct limit_connection {
    int fd;
    bool closing;  /* close it when all is sent */
    uint8_t *held; /* what has come and is not served yet: the beginning of a message */
    size_t held_length;
    uint8_t *unsent; /* what the kernel did not take */
    size_t unsent_at, unsent_length;
};

/* A kind of work: one of the two. */
struct limit_class {
    const char *name;

    /* Serves `length` bytes from `in`, the held ones first. How many of them it has used; the rest
     * is held. Answers go out by limit_send, at most once a call. */
    size_t (*serve)(struct limit_connection *connection, const uint8_t *in, size_t length);

    /* For few connections that are always full: moves bytes until the kernel has none or takes
     * none. False at the end of the connection. The descriptor is registered once for both
     * directions, edge-triggered; otherwise writing waits for room only when there is none. */
    bool (*pump)(struct limit_connection *connection);
};

/* Sends, or keeps what does not go out now. */
void limit_send(struct limit_connection *connection, const uint8_t *bytes, size_t length);

extern const struct limit_class limit_echo, limit_bulk, limit_lines, limit_once, limit_rpc;

#endif
