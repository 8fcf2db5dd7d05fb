/*
 * Where running code came from, for scripts that are loaded anew while connections live.
 *
 * Every load of scripts has a number, its origin, which its fibers carry, those that they make, and
 * the listeners of all of them. What was not loaded (evals, the program of `sockd run`) has origin
 * 0 and is not concerned by any of this. A load ends in one of two ways: it is undone, and whatever
 * has its origin goes; or it stands. If it then replaces the earlier ones, what has their origins
 * retires: fibers are cancelled and listeners closed, but for those that belong to a fiber which
 * somebody attends (a connection, a client's call). They follow when that one ends.
 */
#pragma once

#include "loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct binding;
struct fiber;

struct origins {
    uint64_t present; /* the latest that stands; 0: none */
    uint64_t first;   /* the first that is not retired */
    uint64_t loading; /* whose outcome is open; 0: none */
    bool replaces;    /* it will retire all others */
    struct loop_timer sweep;
};

void origin_init(struct binding *binding);
void origin_deinit(struct binding *binding);

/* A load begins; there is no other. */
void origin_begin(struct binding *binding, uint64_t origin, bool replaces);

/* How it ends. */
void origin_stand(struct binding *binding);
void origin_undo(struct binding *binding);

/* The origin of code that stands now. */
uint64_t origin_present(const struct binding *binding);

/* A fiber that was attended ends: what it made may be the last of its origin. */
void origin_unattended(struct binding *binding, const struct fiber *fiber);
