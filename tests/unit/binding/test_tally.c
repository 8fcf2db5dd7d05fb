/* Counts of handlers, by name. */
#include "binding_fixture.h"

#include "binding/binding_private.h"
#include "binding/tally.h"

TestSuite(tally, .init = fixture_up, .fini = fixture_down);

static void add_up(void *context, const struct tally *tally)
{
    uint64_t *sum = context;
    *sum += tally->ever;
}

Test(tally, is_one_for_each_name_and_goes_with_its_last_reference)
{
    uint64_t sum = 0;
    struct tally *echo = tally_get(binding, "echo"), *chat = tally_get(binding, "chat");
    cr_assert_eq(tally_get(binding, "echo"), echo);
    cr_assert_neq(echo, chat);
    echo->ever = 3;
    chat->ever = 4;
    cr_assert_eq(tally_count(binding), 2);
    tally_each(binding, add_up, &sum);
    cr_assert_eq(sum, 7);
    tally_put(echo);
    tally_put(chat);
    cr_assert_eq(tally_count(binding), 1);
    cr_assert_str_eq(echo->name, "echo");
    tally_put(echo);
    cr_assert_eq(tally_count(binding), 0);
}
