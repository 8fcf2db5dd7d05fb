/*
 * Ownership by scope: CLEANUP(fn) runs fn on the variable when it leaves its block. A transfer is
 * written at the place where it happens, as STEAL_FD(fd) or STEAL(pointer).
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((__cleanup__(function)))

static inline void close_fdp(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void freep(void *pointer)
{
    free(*(void **)pointer);
}

/* The descriptor, which the variable owns no longer. */
#define STEAL_FD(variable)           \
    __extension__({                  \
        int stolen_fd_ = (variable); \
        (variable) = -1;             \
        stolen_fd_;                  \
    })

/* The pointer, which the variable owns no longer. */
#define STEAL(variable)                            \
    __extension__({                                \
        __typeof__(variable) stolen_ = (variable); \
        (variable) = NULL;                         \
        stolen_;                                   \
    })
