/*
 * The load generator: what its modes share. Each mode is a file load_*.c that drives one kind of
 * client; all of them count and time their requests here.
 */
#ifndef SOCKD_BENCH_LOAD_H
#define SOCKD_BENCH_LOAD_H

#include "bench.h"
#include "histogram.h"

#include <stdbool.h>

/* After this long without an event the server is taken for dead. */
enum { LOAD_STALL_MILLISECONDS = 10000, LOAD_EVENTS = 256 };

struct load_options {
    struct endpoint endpoint;
    unsigned connections;
    unsigned depth;  /* requests of a connection in flight */
    size_t size;     /* bytes of a message */
    bool lines;      /* messages are lines */
    bool refill;     /* keep `depth` in flight, instead of sending the next when all are answered */
    bool each;       /* latency of every connection of its own: report that of the worst */
    double seconds;  /* how long to measure */
    double warmup;   /* and how long to run before */
    uint64_t count;  /* if not 0: end after so many requests instead */
    pid_t pid;       /* the server, whose CPU time and memory are read; 0 for none */
    const char *rpc; /* what to ask for, by name */
};

/* One measurement: from load_begin on until load_over says so. */
struct load {
    const struct load_options *options;
    bool warm;
    uint64_t warm_at, over_at;
    uint64_t begun, ended;
    uint64_t cpu_begun, cpu_ended;
    uint64_t requests;
    uint64_t worst; /* the worst connection's p99.9 in nanoseconds, if that is asked for */
    struct histogram latency;
};

void load_begin(struct load *load, const struct load_options *options);

/* Counts a request that began and ended at these times. */
void load_request(struct load *load, uint64_t began, uint64_t now);

/* Is it time to stop? */
bool load_over(struct load *load, uint64_t now);

/* The measurement ends here; what the generator does from now on to tidy up is not part of it. */
void load_end(struct load *load);

/* Prints one line of NAME=VALUE words. */
void load_report(const struct load *load);

/* epoll_wait(2) that ends the program when the server stalls. The number of events. */
struct epoll_event;
int load_wait(int epoll, struct epoll_event *events);

/* Registers a descriptor for everything, edge-triggered. */
void load_watch(int epoll, int fd, void *context);

/* ---- the modes ---- */

void load_stream(const struct load_options *options);  /* messages and their echo */
void load_connect(const struct load_options *options); /* connect, one line, close */
void load_idle(const struct load_options *options);    /* memory of idle connections */
void load_rpc(const struct load_options *options);     /* pipelined requests */

#endif
