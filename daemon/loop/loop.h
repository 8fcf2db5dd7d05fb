/*
 * The event loop: the only layer that knows libevent.
 *
 * Descriptors are registered once, edge-triggered, at the latest when somebody waits; whoever does
 * keeps its own note of what is ready. Everything here runs in one thread; other threads reach the
 * loop through a descriptor of their own, such as an eventfd.
 */
#pragma once

#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct loop_signal;

/* -ENOMEM. */
int loop_new(struct loop **out);

/* Nothing may be registered any more: loop_busy must be 0. */
void loop_free(struct loop *loop);

/* Serves events until loop_stop. 0, or a negative errno of the kernel's poll. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* How many descriptors, timers, signals and tasks are registered: 0 in a loop at rest. Tests and
 * the end of the program prove with it that nothing was left behind. */
size_t loop_busy(const struct loop *loop);

struct loop_stats {
    uint64_t lag;  /* nanoseconds: the longest round of late, while which nobody else was served */
    uint64_t slow; /* rounds that took more than a twentieth of a second, ever */
    uint64_t busy; /* nanoseconds in which it did not wait for events, ever */
};
void loop_stats(const struct loop *loop, struct loop_stats *out);

/* Nanoseconds of the monotonic clock. */
uint64_t loop_now(void);

/* The same at the beginning of the present round, for what may be a round late: asks no clock while
 * the loop serves events. */
uint64_t loop_lately(const struct loop *loop);

/* Whether the present round has taken longer than so many nanoseconds. May be called in a signal
 * handler of the loop's thread. */
bool loop_is_late(const struct loop *loop, uint64_t length);

#define LOOP_SECOND ((uint64_t)1000000000)
/* A deadline that never comes. */
#define LOOP_NEVER  UINT64_MAX

/*
 * The deadline `seconds` from now: LOOP_NEVER beyond a century; 0, which has always passed, if it
 * is 0, negative or no number.
 */
uint64_t loop_deadline(double seconds);

/* ---- descriptors ---- */

#define LOOP_READ   1u /* also at an error or hang-up, for the system call to say which */
#define LOOP_WRITE  2u
#define LOOP_CLOSED 4u /* the peer will send no more */

struct loop_io;
typedef void loop_io_fn(struct loop_io *io, unsigned events);

/* Lives inside its user; zeroed it watches nothing. */
struct loop_io {
    int fd;              /* watched: the user's, or if that is watched already a duplicate */
    uint16_t generation; /* of the number's registrations: tells their events apart; 0 if direct */
    uint8_t patience;    /* reports of room left before it is not watched any more; 0: it is not */
    uint8_t kind : 6;    /* what is called: a number in the loop's table; 0: nothing is watched */
    bool duplicate : 1;
    bool direct : 1; /* it is libevent's own, loop_direct.c */
};

static inline bool loop_io_watches(const struct loop_io *io)
{
    return io->kind != 0;
}

/*
 * Watches `fd`, which stays the caller's, for all events but room to write, edge-triggered: what is
 * ready already is reported once too. The callback may stop it. A descriptor may be watched more
 * than once. -EPERM for a regular file (always ready), -EBADF, -ENOMEM. A program has few functions
 * to be called: a loop knows up to LOOP_IO_KINDS.
 */
#define LOOP_IO_KINDS 32
int loop_io_start(struct loop *loop, struct loop_io *io, int fd, loop_io_fn *fn);

/*
 * The same for one that lives long and is often the only one with news, such as a control client:
 * it is told with a system call less. That is for few: others are treated as by loop_io_start.
 */
int loop_io_start_direct(struct loop *loop, struct loop_io *io, int fd, loop_io_fn *fn);

/*
 * From now on LOOP_WRITE is reported too, once if there is room already. Whoever still waits for
 * room after such a report says so again: a wish that nobody repeats lapses after a while, since on
 * some sockets every byte that the peer reads would wake the loop.
 */
void loop_io_want_write(struct loop *loop, struct loop_io *io);

/*
 * Says that a receive came back short and was taken for the last one. That saves a system call,
 * and is nearly always right; but when an error stood behind the bytes, the event that brought
 * them was the only one. Unless another event comes within a tenth of a second, the callback is
 * called with LOOP_READ, for the descriptor to be asked once more.
 */
void loop_io_doubt(struct loop *loop, struct loop_io *io);

/* To be called before the descriptor is closed: a duplicate elsewhere would keep it reporting.
 * What watches nothing is left alone. */
void loop_io_stop(struct loop *loop, struct loop_io *io);

/* The same, without a system call, where there is no duplicate and the descriptor is about to be
 * closed. */
void loop_io_forget(struct loop *loop, struct loop_io *io);

/* ---- timers ---- */

struct loop_timer;
typedef void loop_timer_fn(struct loop_timer *timer);

/* Lives inside its user; zeroed it is stopped. */
struct loop_timer {
    uint32_t position; /* in the heap, from 1; 0 while stopped */
};

static inline bool loop_timer_runs(const struct loop_timer *timer)
{
    return timer->position != 0;
}

/* For one that is stopped, with a deadline that comes; and for one that runs. */
int loop_timer_add(struct loop *loop, struct loop_timer *timer, uint64_t deadline,
                   loop_timer_fn *fn);
void loop_timer_remove(struct loop *loop, struct loop_timer *timer);

static inline void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    if (loop_timer_runs(timer))
        loop_timer_remove(loop, timer);
}

/* Calls `fn` once at the deadline (monotonic nanoseconds); starting again moves it. LOOP_NEVER
 * stops it. -ENOMEM. */
static inline int loop_timer_start(struct loop *loop, struct loop_timer *timer, uint64_t deadline,
                                   loop_timer_fn *fn)
{
    loop_timer_stop(loop, timer);
    return deadline != LOOP_NEVER ? loop_timer_add(loop, timer, deadline, fn) : 0;
}

/* ---- deferred work ---- */

struct loop_task;
typedef void loop_task_fn(struct loop_task *task);

/* Lives inside its user. */
struct loop_task {
    struct list link;
    loop_task_fn *fn;
};

static inline void loop_task_init(struct loop_task *task, loop_task_fn *fn)
{
    list_init(&task->link);
    task->fn = fn;
}

/*
 * Calls `fn` from the loop, after the caller has returned to it, in order of deferral. A task that
 * is deferred already stays where it is; one that is deferred while tasks run has its turn after
 * the loop has looked for events once.
 */
void loop_defer(struct loop *loop, struct loop_task *task);
void loop_defer_cancel(struct loop *loop, struct loop_task *task);

/* ---- signals and other threads ---- */

typedef void loop_signal_fn(void *context, int signal);
int loop_signal_new(struct loop *loop, int number, loop_signal_fn *fn, void *context,
                    struct loop_signal **out);
void loop_signal_free(struct loop_signal *signal);
