/* A queue that serves keys in turn. */
#include "util/fair.h"

#include <criterion/criterion.h>

static struct fair fair;
static struct fair_item items[6];

static void setup(void)
{
    fair_init(&fair);
    for (int i = 0; i < 6; i++)
        fair_item_init(&items[i]);
}

TestSuite(fair, .init = setup);

static void push(int item, uint64_t key)
{
    fair_push(&fair, &items[item], key);
    cr_assert(fair_queued(&items[item]));
}

/* The items come in that order, and no other is left. */
static void comes(const char *digits)
{
    for (; *digits != 0; digits++) {
        const struct fair_item *item = fair_pop(&fair);
        cr_assert_not_null(item);
        cr_assert_eq(item - items, *digits - '0');
        cr_assert_not(fair_queued(item));
    }
    cr_assert_null(fair_pop(&fair));
    cr_assert(fair_empty(&fair));
}

Test(fair, items_of_one_key_come_in_their_order)
{
    push(0, 7);
    push(1, 7);
    push(2, 7);
    comes("012");
}

Test(fair, many_items_of_a_key_delay_another_key_by_one)
{
    push(0, 7);
    push(1, 7);
    push(2, 7);
    push(3, 8);
    push(4, 8);
    comes("03142");
}

Test(fair, what_is_pushed_meanwhile_stands_behind_its_own)
{
    push(0, 7);
    push(1, 7);
    push(2, 8);
    cr_assert_eq(fair_pop(&fair), &items[0]);
    push(0, 7);
    push(3, 9);
    comes("2130");
}

Test(fair, a_key_keeps_its_turn_when_its_first_item_is_removed)
{
    push(0, 7);
    push(1, 7);
    push(2, 7);
    push(3, 8);
    fair_remove(&items[0]);
    cr_assert_not(fair_queued(&items[0]));
    comes("132");
}

Test(fair, any_item_can_be_removed)
{
    push(0, 7);
    push(1, 7);
    push(2, 7);
    push(3, 8);
    fair_remove(&items[1]);
    fair_remove(&items[3]);
    fair_remove(&items[3]);
    fair_remove(&items[5]); /* in no queue */
    comes("02");
}

static bool is_not(void *context, uint64_t key)
{
    return key != *(const uint64_t *)context;
}

Test(fair, a_key_that_may_not_is_passed_over_and_keeps_its_place)
{
    uint64_t seven = 7;
    push(0, 7);
    push(1, 8);
    push(2, 8);
    cr_assert_eq(fair_pop_if(&fair, is_not, &seven), &items[1]);
    cr_assert_eq(fair_pop_if(&fair, is_not, &seven), &items[2]);
    cr_assert_null(fair_pop_if(&fair, is_not, &seven));
    comes("0");
}
