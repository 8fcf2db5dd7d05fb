/*
 * A binary heap of timers. See heap.h.
 */
#include "loop/heap.h"

#include "util/error.h"

/* How many places there are at least beyond those that are in use, while there is memory. */
enum { HEAP_AHEAD = 32 };

void heap_deinit(struct heap *heap)
{
    free(heap->slots);
    *heap = (struct heap){0};
}

static const struct heap_slot *heap_at(const struct heap *heap, uint32_t position)
{
    return &heap->slots[position - 1];
}

static void heap_put(struct heap *heap, uint32_t position, const struct heap_slot *slot)
{
    heap->slots[position - 1] = *slot;
    slot->timer->position = position;
}

/* Puts `slot`, a copy, which belongs at `position` or nearer to the root, into its place. */
static void heap_rise(struct heap *heap, uint32_t position, const struct heap_slot *slot)
{
    while (position > 1 && heap_at(heap, position / 2)->deadline > slot->deadline) {
        heap_put(heap, position, heap_at(heap, position / 2));
        position /= 2;
    }
    heap_put(heap, position, slot);
}

/* Puts `slot`, a copy, which belongs at `position` or further from the root, into its place. */
static void heap_sink(struct heap *heap, uint32_t position, const struct heap_slot *slot)
{
    for (;;) {
        uint32_t child = position * 2;
        if (child > heap->count)
            break;
        if (child < heap->count &&
            heap_at(heap, child + 1)->deadline < heap_at(heap, child)->deadline)
            child++;
        if (heap_at(heap, child)->deadline >= slot->deadline)
            break;
        heap_put(heap, position, heap_at(heap, child));
        position = child;
    }
    heap_put(heap, position, slot);
}

static int heap_grow(struct heap *heap)
{
    uint32_t room = heap->room > 0 ? heap->room * 2 : 4 * HEAP_AHEAD;
    struct heap_slot *slots = reallocarray(heap->slots, room, sizeof(*slots));
    if (slots == NULL)
        return -ENOMEM;
    heap->slots = slots;
    heap->room = room;
    return 0;
}

/* Grown ahead of need: when memory is out there are places for those timers that see to it that
 * work goes on later. */
int heap_add(struct heap *heap, const struct heap_slot *slot)
{
    int error = heap->count + HEAP_AHEAD >= heap->room ? heap_grow(heap) : 0;
    if (heap->count == heap->room)
        return error;
    heap->count++;
    heap_rise(heap, heap->count, slot);
    return 0;
}

void heap_remove(struct heap *heap, struct loop_timer *timer)
{
    uint32_t position = timer->position;
    CHECK(position > 0 && position <= heap->count && heap_at(heap, position)->timer == timer);
    timer->position = 0;
    const struct heap_slot last = *heap_at(heap, heap->count--);
    if (last.timer == timer)
        return;
    if (position > 1 && heap_at(heap, position / 2)->deadline > last.deadline)
        heap_rise(heap, position, &last);
    else
        heap_sink(heap, position, &last);
}
