/* Requests in flight: found by number, kept by age, however many. */
#include "client/requests.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MANY = 1000 };

static struct requests requests;
static struct request many[MANY];

/* Numbers that collide as well as numbers in sequence. */
static uint32_t number(unsigned i)
{
    return i % 2 ? i : i << 16;
}

static void fill(void)
{
    requests_init(&requests);
    for (unsigned i = 0; i < MANY; i++) {
        many[i].msgid = number(i) + 1;
        requests_add(&requests, &many[i]);
    }
}

static void expect_order(unsigned first, unsigned step)
{
    unsigned i = first;

    for (const struct request *at = requests.first; at; at = at->next, i += step)
        cr_assert_eq(at, &many[i]);
    i -= step;
    for (const struct request *at = requests.last; at; at = at->prev, i -= step)
        cr_assert_eq(at, &many[i]);
}

static void empty(void)
{
    while (requests.first)
        requests_remove(&requests, requests.first);
    cr_assert_null(requests.last);
    cr_assert_eq(requests.count, 0);
    requests_deinit(&requests);
}

Test(requests, each_is_found)
{
    fill();
    cr_assert_eq(requests.count, MANY);
    for (unsigned i = 0; i < MANY; i++)
        cr_assert_eq(requests_find(&requests, number(i) + 1), &many[i]);
    cr_assert_null(requests_find(&requests, UINT32_MAX));
    expect_order(0, 1);
    empty();
}

Test(requests, what_is_removed_is_gone_and_the_rest_stays)
{
    fill();
    for (unsigned i = 0; i < MANY; i += 2)
        requests_remove(&requests, &many[i]);
    cr_assert_eq(requests.count, MANY / 2);
    for (unsigned i = 0; i < MANY; i++)
        cr_assert_eq(requests_find(&requests, number(i) + 1), i % 2 ? &many[i] : NULL);
    expect_order(1, 2);
    requests_remove(&requests, &many[MANY - 1]);
    cr_assert_eq(requests.last, &many[MANY - 3]);
    empty();
}
