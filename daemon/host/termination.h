/*
 * SIGTERM and SIGINT. The first one is for the loop. The second one ends the process from within
 * the signal handler if the loop does not come to it, because a handler computes in C for ever; if
 * the loop does, it has some seconds to end by itself. A third one is not discussed.
 *
 * There is one of it in a process.
 */
#pragma once

#include <stdbool.h>

struct loop;

/* `fn` is called from the loop for each signal. 0, -ENOMEM, or what eventfd(2) says. */
typedef void termination_fn(void *context, int number);
int termination_start(struct loop *loop, termination_fn *fn, void *context);

/* A file that goes with the process, if it is still the one that is there now. */
void termination_set_file(const char *path);

/* The loop has ended and will not hear of signals any more. What they do to a process that hangs
 * stays until its end. */
void termination_stop(void);
