/*
 * sockd-bench-bulk: transfers of a fixed size. The far end, the near ends that receive what it
 * sends and send what it receives, each by another way, and what the transfer cost.
 *
 * Both ends know how much goes each way, and compare every byte. The far end sends one byte more,
 * which it holds back until all that was to come has come: so a near end that has got everything
 * knows that everything has arrived.
 */
#ifndef SOCKD_BENCH_BULK_H
#define SOCKD_BENCH_BULK_H

#include "bench.h"
#include "pattern.h"

#include <stdbool.h>
#include <stddef.h>

/* After this long without any progress the other side is taken for dead. */
enum { BULK_STALL_MILLISECONDS = 10000 };

struct bulk_options {
    const char *address; /* of the far end; NULL for `pipe` */
    const char *control; /* the daemon's socket */
    char *const *command;
    uint64_t down, up; /* bytes from the far end, and to it */
    pid_t pid;         /* the daemon, whose CPU time is read; 0 for none */
};

/* One end of a transfer. */
struct bulk_end {
    struct pattern pattern; /* both directions carry the same */
    int in, out;            /* non-blocking descriptors; a socket is both */
    uint64_t incoming, received;
    uint64_t outgoing, sent;
    bool holds_last; /* sends its last byte when all has come */
};

void bulk_end_init(struct bulk_end *end, uint64_t incoming, uint64_t outgoing);
void bulk_end_deinit(struct bulk_end *end);
bool bulk_is_done(const struct bulk_end *end);

/* The next bytes have come: compares them. */
void bulk_check(struct bulk_end *end, const void *data, size_t size);

/* The next bytes to be sent, at most a period of the pattern. Their number; 0 if there are none for
 * now. Whoever sends them adds to `sent`. */
size_t bulk_next(const struct bulk_end *end, const uint8_t **bytes);

/* Moves bytes through `in` and `out` until all is done. */
void bulk_move(struct bulk_end *end);

/* What a transfer costs, from begin to report, which prints one line of NAME=VALUE words. */
struct bulk_cost {
    uint64_t begun;
    uint64_t daemon, client; /* CPU time, in nanoseconds */
};

void bulk_begin(struct bulk_cost *cost, const struct bulk_options *options);

/* `client`: its CPU time if that is not this process. */
void bulk_report(const struct bulk_cost *cost, const struct bulk_options *options,
                 const uint64_t *client);

/* ---- the roles ---- */

void bulk_far(const struct bulk_options *options);    /* serves one transfer after another */
void bulk_direct(const struct bulk_options *options); /* by a socket of its own */
void bulk_take(
    const struct bulk_options *options); /* by one that the daemon connected and let go */
void bulk_stream(const struct bulk_options *options); /* by libsockd: stream and write */
void bulk_pipe(const struct bulk_options *options); /* by standard input and output of a command */

#endif
