/*
 * What the tests of descriptors share: a loop, ends of pairs that note what they hear, and rounds.
 */
#pragma once

#include "loop/loop_private.h"

extern struct loop *loop;

/* Of a TestSuite: a new loop, and the proof that it is left at rest with no descriptor lost. */
void fixture_up(void);
void fixture_down(void);

/* One end of a pair, and how often it was heard of. */
struct ear {
    int fd, other;
    struct loop_io *io;
    unsigned calls, events;
    void (*then)(struct ear *ear); /* NULL, or called with each event */
};

typedef int ear_new_fn(struct loop *loop, int fd, loop_io_fn *fn, void *context,
                       struct loop_io **out);

/* The callback of an ear. */
void ear_on_io(void *context, unsigned events);

/* A new pair, one end of which is watched as `watch` does: loop_io_new, loop_io_new_direct. */
void ear_open(struct ear *ear, ear_new_fn *watch);
void ear_close(struct ear *ear);

/* Runs so many rounds of the loop, none of which waits. */
void run_rounds(unsigned count);
