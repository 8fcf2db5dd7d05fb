/*
 * How the clients share the loop: what one of them may do in a turn, and who has to queue for the
 * next one.
 *
 * A turn ends after so many messages, or when it has taken too long. The clock is asked only now
 * and then, so that a client with a few small requests at a time costs no look at it. Those whose
 * turn ended early queue by user, and all of them together get a slice of each round of the loop;
 * a client that seldom wants something is served at once.
 */
#pragma once

#include "loop/loop.h"
#include "util/fair.h"

#include <stdbool.h>
#include <stdint.h>

struct peer;

/* A turn under way. */
struct turn {
    unsigned left;    /* messages until its end */
    unsigned look;    /* messages left when the clock is to be asked */
    uint64_t look_at; /* bytes of answers ever at which it is to be asked too */
    uint64_t begun;   /* by the clock; 0: it was not asked yet */
    bool over;
};

/* All who share. */
struct turns {
    struct loop *loop;
    void (*take)(struct peer *peer);
    struct fair queue;     /* of those whose turn ended early */
    struct loop_task task; /* which serves it */
    uint64_t round;        /* of the loop, by its beginning */
    uint64_t spent;        /* nanoseconds in long turns in that round */
    uint64_t ever;         /* how often somebody queued */
};

/* `take` gives a peer its turn, after which there may be no such peer. */
void turns_init(struct turns *turns, struct loop *loop, void (*take)(struct peer *peer));
void turns_deinit(struct turns *turns);

/* Has a peer's turn follow those that queue already. */
void turns_queue(struct turns *turns, struct peer *peer);

/* Whether this round has had as much work as the others can bear. */
bool turns_are_long(const struct turns *turns);

/* `written`: bytes that were put into the output ever. */
void turn_begin(struct turn *turn, uint64_t written);
void turn_look(struct turn *turn, uint64_t written);

/* Counts a message that has been dispatched. */
static inline void turn_count(struct turn *turn, uint64_t written)
{
    if (--turn->left <= turn->look || written >= turn->look_at)
        turn_look(turn, written);
}

/* Returns whether the turn was a short one. */
bool turn_end(const struct turn *turn, struct turns *turns);
