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
    struct loop_io io;
    unsigned calls, events;
    void (*then)(struct ear *ear); /* NULL, or called with each event */
    struct ear *rival;             /* of ears_become_rivals */
};

typedef int ear_start_fn(struct loop *loop, struct loop_io *io, int fd, loop_io_fn *fn);

/* The callback of an ear. */
void ear_on_io(struct loop_io *io, unsigned events);

/* A new pair, one end of which is watched as `watch` does: loop_io_start,
 * loop_io_start_direct. */
void ear_open(struct ear *ear, ear_start_fn *watch);
void ear_close(struct ear *ear);

/* Whichever of two open ones hears something first stops the other. */
void ears_become_rivals(struct ear *first, struct ear *second);

/* Runs so many rounds of the loop, none of which waits. */
void run_rounds(unsigned count);
