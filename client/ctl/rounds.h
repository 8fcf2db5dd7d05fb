/*
 * What is shown again and again, until it has been so often as asked for, or Ctrl-C: on a terminal
 * in the place of what was there, otherwise block by block.
 */
#ifndef CTL_ROUNDS_H
#define CTL_ROUNDS_H

#include "client/ctl/command.h"

struct rounds {
    struct ctl *ctl;
    double interval; /* seconds */
    long left;       /* how often it is still to be shown; -1: without end */
    bool shown;
    bool redraws;
};

/* By --interval and --count. 0, or CTL_USAGE after a message. */
int rounds_init(struct rounds *rounds, struct ctl *ctl, const struct command *command);

/* Before each block: makes room for it. */
void rounds_begin(struct rounds *rounds);

/* How many lines there is room for; 0: any number. */
size_t rounds_lines(const struct rounds *rounds);

/* After each block: waits for the next. False when there is none; then *status is set. */
bool rounds_next(struct rounds *rounds, int *status);

/* Waits for one interval. False if it was interrupted. */
bool rounds_wait(const struct rounds *rounds);

#define ROUNDS_OPTIONS                                                        \
    {"interval", "S", 0, "show it every S seconds; 1 unless told otherwise"}, \
    {                                                                         \
        "count", "N", 0, "show it N times; without end unless told otherwise" \
    }

#endif
