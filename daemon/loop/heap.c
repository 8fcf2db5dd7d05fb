/*
 * A binary heap of timers. See heap.h.
 */
#include "loop/heap.h"

#include "util/error.h"

void heap_deinit(struct heap *heap)
{
    free(heap->slots);
    *heap = (struct heap){0};
}

static void heap_put(struct heap *heap, uint32_t position, struct loop_timer *timer)
{
    heap->slots[position - 1] = timer;
    timer->position = position;
}

static struct loop_timer *heap_at(const struct heap *heap, uint32_t position)
{
    return heap->slots[position - 1];
}

/* Moves `timer`, which belongs at `position` or nearer to the root, to its place. */
static void heap_rise(struct heap *heap, uint32_t position, struct loop_timer *timer)
{
    while (position > 1 && heap_at(heap, position / 2)->deadline > timer->deadline) {
        heap_put(heap, position, heap_at(heap, position / 2));
        position /= 2;
    }
    heap_put(heap, position, timer);
}

/* Moves `timer`, which belongs at `position` or further from the root, to its place. */
static void heap_sink(struct heap *heap, uint32_t position, struct loop_timer *timer)
{
    for (;;) {
        uint32_t child = position * 2;
        if (child > heap->count)
            break;
        if (child < heap->count &&
            heap_at(heap, child + 1)->deadline < heap_at(heap, child)->deadline)
            child++;
        if (heap_at(heap, child)->deadline >= timer->deadline)
            break;
        heap_put(heap, position, heap_at(heap, child));
        position = child;
    }
    heap_put(heap, position, timer);
}

static int heap_grow(struct heap *heap)
{
    uint32_t room = heap->room > 0 ? heap->room * 2 : 64;
    struct loop_timer **slots = reallocarray(heap->slots, room, sizeof(struct loop_timer *));
    if (slots == NULL)
        return -ENOMEM;
    heap->slots = slots;
    heap->room = room;
    return 0;
}

int heap_add(struct heap *heap, struct loop_timer *timer)
{
    if (heap->count == heap->room) {
        int error = heap_grow(heap);
        if (error < 0)
            return error;
    }
    heap->count++;
    heap_rise(heap, heap->count, timer);
    return 0;
}

void heap_remove(struct heap *heap, struct loop_timer *timer)
{
    uint32_t position = timer->position;
    CHECK(position > 0 && position <= heap->count && heap_at(heap, position) == timer);
    timer->position = 0;
    struct loop_timer *last = heap_at(heap, heap->count--);
    if (last == timer)
        return;
    if (position > 1 && heap_at(heap, position / 2)->deadline > last->deadline)
        heap_rise(heap, position, last);
    else
        heap_sink(heap, position, last);
}
