/*
 * A binary heap of timers, the earliest deadline first. A timer knows its position, so that
 * stopping one needs no search.
 */
#pragma once

#include "loop/loop.h"

struct heap {
    struct loop_timer **slots; /* slots[0] is position 1 */
    uint32_t count, room;
};

void heap_deinit(struct heap *heap);

/* -ENOMEM. */
int heap_add(struct heap *heap, struct loop_timer *timer);

/* The timer must be in the heap. */
void heap_remove(struct heap *heap, struct loop_timer *timer);

static inline uint32_t heap_count(const struct heap *heap)
{
    return heap->count;
}

/* NULL when it is empty. */
static inline struct loop_timer *heap_first(const struct heap *heap)
{
    return heap->count > 0 ? heap->slots[0] : NULL;
}
