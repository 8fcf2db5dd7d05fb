/* Accounts: limits hold, root has a reserve, and what was charged comes back. */
#include "util/quota.h"

#include "util/error.h"

#include <criterion/criterion.h>

static struct quota *make(size_t most)
{
    struct quota *quota;
    struct quota_limits limits;
    for (int kind = 0; kind < QUOTA_KINDS; kind++)
        limits.most[kind] = most;
    cr_assert_eq(quota_new(&quota, &limits), 0);
    return quota;
}

Test(quota, a_user_gets_as_much_as_the_limit_and_no_more)
{
    struct quota *quota = make(10);
    struct quota_user *user = quota_user_get(quota, 1000);
    cr_assert_eq(quota_charge(user, QUOTA_SOCKETS, 7), 0);
    cr_assert_eq(quota_charge(user, QUOTA_SOCKETS, 4), -EDQUOT);
    cr_assert_eq(quota_left(user, QUOTA_SOCKETS), 3);
    cr_assert_eq(quota_charge(user, QUOTA_SOCKETS, 3), 0);
    cr_assert_eq(quota_left(user, QUOTA_SOCKETS), 0);
    cr_assert_eq(quota_left(user, QUOTA_BYTES), 10, "kinds have limits of their own");
    quota_force(user, QUOTA_SOCKETS, 5);
    cr_assert_eq(quota_left(user, QUOTA_SOCKETS), 0);
    cr_assert_eq(quota_used(user, QUOTA_SOCKETS), 15);
    quota_release(user, QUOTA_SOCKETS, 15);
    quota_user_put(user);
    quota_free(quota);
}

Test(quota, users_do_not_share_and_all_are_summed)
{
    struct quota *quota = make(10);
    struct quota_user *one = quota_user_get(quota, 1);
    struct quota_user *two = quota_user_get(quota, 2);
    cr_assert_eq(quota_user_get(quota, 1), one);
    cr_assert_eq(quota_user_uid(two), 2);
    cr_assert_eq(quota_charge(one, QUOTA_BYTES, 10), 0);
    cr_assert_eq(quota_charge(two, QUOTA_BYTES, 10), 0);
    cr_assert_eq(quota_total(quota, QUOTA_BYTES), 20);
    quota_release(one, QUOTA_BYTES, 10);
    quota_release(two, QUOTA_BYTES, 10);
    cr_assert_eq(quota_total(quota, QUOTA_BYTES), 0);
    quota_user_put(one);
    quota_user_put(one);
    quota_user_put(two);
    quota_user_put(NULL);
    quota_free(quota);
    quota_free(NULL);
}

Test(quota, root_has_a_reserve)
{
    struct quota *quota = make(100);
    struct quota_user *root = quota_user_get(quota, 0);
    cr_assert_eq(quota_limit(root, QUOTA_CLIENTS), 125 + QUOTA_ROOT_RESERVE);
    quota_user_put(root);
    quota_free(quota);
}

Test(quota, without_limits_there_are_defaults)
{
    struct quota *quota = make(0);
    struct quota_user *user = quota_user_get(quota, 1);
    for (int kind = 0; kind < QUOTA_KINDS; kind++) {
        cr_assert_gt(quota_left(user, (enum quota_kind)kind), 100);
        cr_assert_not_null(quota_kind_name((enum quota_kind)kind));
    }
    quota_user_put(user);
    quota_free(quota);
}

static int woken;

static void on_room(struct quota_waiter *waiter)
{
    (void)waiter;
    woken++;
}

Test(quota, who_waits_for_a_kind_is_told_once)
{
    struct quota *quota = make(1);
    struct quota_user *user = quota_user_get(quota, 1);
    struct quota_waiter waiters[2] = {{.fn = on_room}, {.fn = on_room}};
    for (int i = 0; i < 2; i++) {
        list_init(&waiters[i].link);
        quota_wait(user, QUOTA_REQUESTS, &waiters[i]);
        quota_wait(user, QUOTA_REQUESTS, &waiters[i]);
    }
    list_unlink(&waiters[1].link);
    quota_force(user, QUOTA_REQUESTS, 2);
    quota_force(user, QUOTA_BYTES, 1);
    quota_release(user, QUOTA_BYTES, 1);
    cr_assert_eq(woken, 0);
    quota_release(user, QUOTA_REQUESTS, 1);
    cr_assert_eq(woken, 1);
    quota_release(user, QUOTA_REQUESTS, 1);
    cr_assert_eq(woken, 1);
    quota_user_put(user);
    quota_free(quota);
}
