/* Queues behind a head of one pointer. */
#include "util/ring.h"

#include <criterion/criterion.h>
#include <string.h>

struct element {
    int number;
    struct list link;
};

static struct ring ring;
static struct element elements[4];

static void setup(void)
{
    ring = (struct ring){0};
    for (int i = 0; i < 4; i++) {
        elements[i].number = i;
        list_init(&elements[i].link);
    }
}

TestSuite(ring, .init = setup);

static void append(int number)
{
    ring_append(&ring, &elements[number].link);
}

/* Takes the elements out, the first one first. */
static void holds(const char *digits)
{
    cr_assert_eq(ring_count(&ring), strlen(digits));
    for (; *digits != 0; digits++) {
        cr_assert_not(ring_empty(&ring));
        const struct element *first = CONTAINER_OF(ring.first, struct element, link);
        cr_assert_eq(first->number, *digits - '0');
        ring_remove(&ring, ring.first);
    }
    cr_assert(ring_empty(&ring));
}

Test(ring, a_zeroed_one_is_empty)
{
    holds("");
}

Test(ring, it_keeps_the_order)
{
    for (int i = 0; i < 4; i++)
        append(i);
    holds("0123");
    append(2);
    append(1);
    holds("21");
}

Test(ring, any_may_leave)
{
    for (int i = 0; i < 4; i++)
        append(i);
    ring_remove(&ring, &elements[2].link);
    ring_remove(&ring, &elements[0].link);
    append(0);
    ring_remove(&ring, &elements[3].link);
    cr_assert_not(list_linked(&elements[3].link), "it is in no list");
    holds("10");
}
