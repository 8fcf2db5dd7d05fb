/*
 * A binary heap of timers, the earliest deadline first. A timer knows its position, so that
 * stopping one needs no search. What a timer that runs needs besides stands here, so that one at
 * rest takes next to nothing in its user, and comparing touches nothing but the heap.
 */
#pragma once

#include "loop/loop.h"

struct heap_slot {
    uint64_t deadline;
    struct loop_timer *timer;
    loop_timer_fn *fn;
};

struct heap {
    struct heap_slot *slots; /* slots[0] is position 1 */
    uint32_t count, room;
};

void heap_deinit(struct heap *heap);

/* A timer that is in no heap. -ENOMEM. */
int heap_add(struct heap *heap, const struct heap_slot *slot);

/* The timer must be in the heap. */
void heap_remove(struct heap *heap, struct loop_timer *timer);

static inline uint32_t heap_count(const struct heap *heap)
{
    return heap->count;
}

/* NULL when it is empty; valid until the heap changes. */
static inline const struct heap_slot *heap_first(const struct heap *heap)
{
    return heap->count > 0 ? heap->slots : NULL;
}
