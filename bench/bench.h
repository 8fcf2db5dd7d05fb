/*
 * What the load generator and the servers it is pointed at have in common: addresses, time, the
 * figures of a process, the end by an error. These are tools of one run, so an error that cannot
 * be measured around ends the program with a sentence.
 */
#ifndef SOCKD_BENCH_H
#define SOCKD_BENCH_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#define NANOSECONDS 1000000000ull

/* Where a server listens. */
struct endpoint {
    struct sockaddr_storage any;
    socklen_t length;
};

/* What a process holds in memory of its own, in KiB (proc(5), smaps_rollup). */
struct memory {
    uint64_t private_dirty;
    uint64_t resident;
};

/* Prints "PROGRAM: sentence[: the errno given]" and exits with status 1. */
_Noreturn void fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* calloc, or the end. */
void *allocate(size_t count, size_t size);

/* Nanoseconds on the monotonic clock. */
uint64_t clock_ns(void);

/* "unix:PATH" or "ADDRESS:PORT" with a numeric IPv4 address. */
void endpoint_parse(struct endpoint *endpoint, const char *text);

/* A connected, non-blocking descriptor; retries for some seconds while nobody listens yet. */
int endpoint_connect(const struct endpoint *endpoint);

/* Starts to connect. The descriptor is non-blocking; the connection may still be in progress. */
int endpoint_begin(const struct endpoint *endpoint);

/* A listening, non-blocking descriptor. */
int endpoint_listen(const struct endpoint *endpoint);

/* Takes the delay out of small TCP segments; nothing happens to other sockets. */
void socket_no_delay(int fd);

/* CPU time of all threads of a process so far, in nanoseconds. 0 for pid 0. */
uint64_t process_cpu(pid_t pid);

struct memory process_memory(pid_t pid);

#endif
