/*
 * Output to a descriptor that is never waited for: what it does not take at once is kept, in order,
 * until it does. Whoever owns one bounds how much that may be.
 */
#ifndef CTL_DRAIN_H
#define CTL_DRAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct drain {
    int fd;     /* to write to and to poll */
    bool owned; /* it is a description of our own of the same file */
    bool is_socket;
    size_t most; /* bytes of one write that does not wait */
    char *data;
    size_t begin;
    size_t end;
    size_t room;
};

/* The descriptor's flags are left alone, for it may be shared with others: a shell's terminal. */
void drain_init(struct drain *drain, int fd);
void drain_deinit(struct drain *drain);

/* Has a pipe hold more than pipes do, so that bytes in bulk flow; drain_init() sees to that for
 * what it is given. Anything else than a pipe, and one that may not be widened, stays as it is. */
void drain_widen_pipe(int fd);

/* Writes, or keeps. 0, or a negative errno of write(2); -ENOMEM. */
int drain_put(struct drain *drain, const void *data, size_t size);

/* Writes what was kept as far as that goes; worth a try when the descriptor is writable. */
int drain_flush(struct drain *drain);

/* How many bytes are kept. */
size_t drain_size(const struct drain *drain);

#endif
