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

enum { LOOP_MAGIC = 0x6c6f6f70, LOOP_IO_MAGIC = 0x6c696f21 };

/* How many events are taken from the kernel at a time; then timers and signals have their turn. */
enum { LOOP_BATCH = 128 };

/* After how many reports that nobody asked for room to write is watched no longer. Changing it
 * costs a system call, and who was out of room once will be again. */
#define LOOP_WRITE_PATIENCE 64

/* How many descriptors are libevent's own at most. */
#define LOOP_DIRECT         32

struct loop_io {
    unsigned magic;
    int fd; /* watched: the user's, or if that is watched already a duplicate */
    uint32_t generation;
    bool duplicate;
    bool direct;      /* it is libevent's own, and part of a struct loop_direct */
    uint8_t patience; /* reports of room left before it is not watched any more; 0: it is not */
    struct loop *loop;
    struct list doubt; /* in the loop's list of those in doubt, or in none */
    loop_io_fn *fn;
    void *context;
};

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
    size_t io_room, io_count, direct_count;
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

/* Something has happened to the descriptor. */
static inline void loop_io_tell(struct loop_io *io, unsigned ready)
{
    loop_begin_round(io->loop);
    list_unlink(&io->doubt);
    io->fn(io->context, ready);
}

/* ---- loop_direct.c ---- */

/* Reports of room are to come, or to cease. */
void loop_direct_watch_room(struct loop_io *io);

/* The end of it. */
void loop_direct_free(struct loop_io *io);

/* ---- loop_io.c ---- */

/* Needs the base. -ENOMEM, and what epoll_create1(2) says; to be followed by deinit in any case. */
int loop_io_init(struct loop *loop);
void loop_io_deinit(struct loop *loop);

/* Tells what is ready, a batch of it at most. */
void loop_io_look(struct loop *loop);
