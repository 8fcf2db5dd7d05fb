/* Lists whose links live in their elements. */
#include "util/list.h"

#include <criterion/criterion.h>

struct element {
    int number;
    struct list link;
};

static struct list head;
static struct element elements[5];

static void setup(void)
{
    list_init(&head);
    for (int i = 0; i < 5; i++) {
        elements[i].number = i;
        list_init(&elements[i].link);
    }
}

TestSuite(list, .init = setup);

static void holds(const struct list *list, const char *digits)
{
    LIST_FOREACH_SAFE (node, list)
        cr_assert_eq(CONTAINER_OF(node, struct element, link)->number, *digits++ - '0');
    cr_assert_eq(*digits, 0);
}

Test(list, a_new_one_is_empty)
{
    cr_assert(list_empty(&head));
    cr_assert_null(list_first(&head));
    cr_assert_null(list_shift(&head));
}

Test(list, keeps_the_order)
{
    list_append(&head, &elements[1].link);
    list_append(&head, &elements[2].link);
    list_prepend(&head, &elements[0].link);
    list_insert_before(&elements[2].link, &elements[3].link);
    holds(&head, "0132");
    cr_assert_eq(list_shift(&head), &elements[0].link);
    holds(&head, "132");
}

Test(list, unlinking_twice_is_harmless)
{
    list_append(&head, &elements[0].link);
    list_append(&head, &elements[1].link);
    list_unlink(&elements[0].link);
    list_unlink(&elements[0].link);
    cr_assert_not(list_linked(&elements[0].link));
    holds(&head, "1");
}

Test(list, splicing_moves_all_in_order)
{
    struct list from = LIST_INIT(from);
    list_append(&head, &elements[0].link);
    list_append(&from, &elements[1].link);
    list_append(&from, &elements[2].link);
    list_splice(&head, &from);
    holds(&head, "012");
    cr_assert(list_empty(&from));
    list_splice(&head, &from);
    holds(&head, "012");
}

Test(list, an_element_may_be_unlinked_while_walking)
{
    for (int i = 0; i < 5; i++)
        list_append(&head, &elements[i].link);
    LIST_FOREACH_SAFE (node, &head)
        if (CONTAINER_OF(node, struct element, link)->number % 2 == 0)
            list_unlink(node);
    holds(&head, "13");
}
