/* The heap of timers: always the earliest first, whatever is added and removed. */
#include "loop/heap.h"

#include "util/error.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

enum { COUNT = 500 };

static struct heap heap;
static struct loop_timer timers[COUNT];

static void setup(void)
{
    heap = (struct heap){0};
    memset(timers, 0, sizeof timers);
}

static void teardown(void)
{
    heap_deinit(&heap);
}

TestSuite(heap, .init = setup, .fini = teardown);

static void add(int index, uint64_t deadline)
{
    struct heap_slot slot = {.deadline = deadline, .timer = &timers[index]};
    cr_assert_eq(heap_add(&heap, &slot), 0);
}

/* Every timer knows its place, and none is earlier than the one above it. */
static void is_sound(void)
{
    for (uint32_t i = 1; i <= heap_count(&heap); i++) {
        cr_assert_eq(heap.slots[i - 1].timer->position, i);
        if (i > 1)
            cr_assert_leq(heap.slots[i / 2 - 1].deadline, heap.slots[i - 1].deadline);
    }
}

Test(heap, an_empty_one_has_no_first)
{
    cr_assert_null(heap_first(&heap));
    cr_assert_eq(heap_count(&heap), 0);
}

Test(heap, gives_back_in_order_of_deadlines)
{
    for (int i = 0; i < COUNT; i++)
        add(i, (uint64_t)(i * 7919 % 1000));
    is_sound();
    uint64_t last = 0;
    while (heap_count(&heap) > 0) {
        struct heap_slot first = *heap_first(&heap);
        cr_assert_geq(first.deadline, last);
        last = first.deadline;
        heap_remove(&heap, first.timer);
        cr_assert_eq(first.timer->position, 0);
    }
}

Test(heap, one_from_the_middle_may_rise_or_sink)
{
    /* the last of the heap is earlier than the parent of the one removed */
    static const uint64_t deadlines[] = {1, 10, 2, 11, 12, 3, 4};
    for (int i = 0; i < 7; i++)
        add(i, deadlines[i]);
    heap_remove(&heap, &timers[3]);
    is_sound();
    heap_remove(&heap, &timers[0]);
    is_sound();
    cr_assert_eq(heap_first(&heap)->deadline, 2);
}

Test(heap, stays_sound_under_random_use)
{
    uint64_t state = 1;
    for (int i = 0; i < 20000; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        int index = (int)((state >> 40) % COUNT);
        if (loop_timer_runs(&timers[index]))
            heap_remove(&heap, &timers[index]);
        else
            add(index, (state >> 20) % 100);
        if (i % 64 == 0)
            is_sound();
    }
    is_sound();
}

Test(heap, removing_what_is_not_in_it_is_found_out, .signal = SIGABRT)
{
    add(0, 1);
    heap_remove(&heap, &timers[1]);
}
