/*
 * The loop from the inside, for the files of this folder.
 */
#pragma once

#include "loop/heap.h"
#include "loop/lag.h"
#include "loop/loop.h"
#include "util/pulse.h"

#include <sys/epoll.h>

struct event;
struct event_base;

enum { LOOP_MAGIC = 0x6c6f6f70, LOOP_DIRECT_MAGIC = 0x6c696f21 };

/* How many events are taken from the kernel at a time; then timers and signals have their turn. */
enum { LOOP_BATCH = 128 };

/* After how many reports that nobody asked for room to write is watched no longer. Changing it
 * costs a system call, and who was out of room once will be again. */
#define LOOP_WRITE_PATIENCE 64

/* How many descriptors are libevent's own at most. */
#define LOOP_DIRECT         32

/* A descriptor that is libevent's own. */
struct loop_direct {
    unsigned magic; /* 0: the place is free */
    struct loop *loop;
    struct loop_io *io;
    struct event *read, *write; /* the second one is added while room is watched */
};

/* Of 64 descriptors, those in doubt (loop_io_doubt): since the last tick, and for longer; and those
 * whose wish for room the kernel has not taken. */
struct loop_doubts {
    uint64_t fresh, old, unheard;
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
    size_t io_room, io_count;
    loop_io_fn *io_kinds[LOOP_IO_KINDS]; /* what registrations call; the first one is nobody's */
    uint16_t io_generation;
    bool unheard;                /* some are ready of which libevent does not tell */
    int batch_next, batch_count; /* of `batch`: those from the first on are still to be told */
    struct epoll_event batch[LOOP_BATCH];

    /* Those that are libevent's own, loop_direct.c. */
    struct loop_direct directs[LOOP_DIRECT];
    size_t direct_count;

    /* Doubts, loop_doubt.c. */
    struct loop_doubts *doubts; /* by descriptor, for io_room of them */
    size_t doubt_next;          /* the 64 of them with which the next tick goes on */
    struct event *tick;
    bool ticking;
};

/* Something happens: the round begins, unless it has. */
static inline void loop_begin_round(struct loop *loop)
{
    if (loop->lag.begun == 0) {
        lag_begin(&loop->lag, loop_now());
        pulse_begin_round();
    }
}

/* The descriptor's state is known: something has happened to it, or nobody watches it any more. */
static inline void loop_end_doubt(struct loop *loop, int fd)
{
    struct loop_doubts *doubts = &loop->doubts[fd / 64];
    uint64_t others = ~((uint64_t)1 << fd % 64);
    doubts->fresh &= others;
    doubts->old &= others;
}

/* The registration ends, and with it all that is owed to it. */
static inline void loop_end_wish(struct loop *loop, int fd)
{
    loop->doubts[fd / 64].unheard &= ~((uint64_t)1 << fd % 64);
}

static inline void loop_io_call(const struct loop *loop, struct loop_io *io, unsigned ready)
{
    loop->io_kinds[io->kind](io, ready);
}

/* Something has happened to the descriptor. */
static inline void loop_io_tell(struct loop *loop, struct loop_io *io, unsigned ready)
{
    loop_begin_round(loop);
    loop_end_doubt(loop, io->fd);
    loop_io_call(loop, io, ready);
}

/* ---- loop_direct.c ---- */

/* Reports of room are to come. -ENOMEM. */
int loop_direct_watch_room(struct loop *loop, const struct loop_io *io);

/* The end of it. */
void loop_direct_stop(struct loop *loop, const struct loop_io *io);

/* ---- loop_doubt.c ---- */

/* -ENOMEM. */
int loop_doubt_init(struct loop *loop);
void loop_doubt_deinit(struct loop *loop);

/* Makes room for so many descriptors, of which there was room for io_room. -ENOMEM. */
int loop_doubt_reserve(struct loop *loop, size_t room);

/* The registration's wish for room was not taken: it is repeated from time to time. */
void loop_io_wish(struct loop *loop, const struct loop_io *io);

/* ---- loop_io.c ---- */

/* Needs the base. -ENOMEM, and what epoll_create1(2) says; to be followed by deinit in any case. */
int loop_io_init(struct loop *loop);
void loop_io_deinit(struct loop *loop);

/* Has the kernel report room to write. -EBADF, -ENOENT: the descriptor is closed; -ENOMEM. */
int loop_io_watch_room(struct loop *loop, struct loop_io *io);

/* Tells what is ready, a batch of it at most. */
void loop_io_look(struct loop *loop);

/* Sees to it that the tables by descriptor have a place for this one. -ENOMEM. */
int loop_io_reserve(struct loop *loop, int fd);

/* The number of what a registration calls. */
uint8_t loop_io_kind(struct loop *loop, loop_io_fn *fn);
