/*
 * The loop from the inside, for the files of this folder.
 */
#pragma once

#include "loop/heap.h"
#include "loop/lag.h"
#include "loop/loop.h"

#include <sys/epoll.h>

struct event;
struct event_base;

enum { LOOP_MAGIC = 0x6c6f6f70 };

/* How many events are taken from the kernel at a time; then timers and signals have their turn. */
enum { LOOP_BATCH = 128 };

struct loop {
    unsigned magic;
    bool stopped;
    struct event_base *base;
    struct event *alarm;
    uint64_t armed_for; /* deadline of `alarm`; LOOP_NEVER when it is not set */
    uint64_t turned;    /* timers up to this deadline have had, or are having, their turn */
    struct heap timers;
    struct list tasks;
    size_t signals, task_count;
    struct lag lag;

    /* Descriptors, loop_io.c. */
    int epoll;            /* the set of them; -1 */
    struct event *ready;  /* some of the set are */
    struct loop_io **ios; /* by descriptor */
    size_t io_room, io_count;
    uint32_t io_generation;
    bool unheard;                /* some are ready of which libevent does not tell */
    int batch_next, batch_count; /* of `batch`: those from the first on are still to be told */
    struct epoll_event batch[LOOP_BATCH];

    /* Those in doubt (loop_io_doubt): since the last tick, and for longer. */
    struct list doubts, old_doubts;
    struct event *tick;
    bool ticking;
};

/* Something happens: the round begins, unless it has. */
static inline void loop_begin_round(struct loop *loop)
{
    if (loop->lag.begun == 0)
        lag_begin(&loop->lag, loop_now());
}

/* Needs the base. -ENOMEM, and what epoll_create1(2) says; to be followed by deinit in any case. */
int loop_io_init(struct loop *loop);
void loop_io_deinit(struct loop *loop);

/* Tells what is ready, a batch of it at most. */
void loop_io_look(struct loop *loop);
