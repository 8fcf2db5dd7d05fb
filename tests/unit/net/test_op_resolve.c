/* getaddrinfo as an operation: numeric hosts at once, names off the loop, each in its own time. */
#include "name/fake_names.h"
#include "net_peers.h"

#include "util/error.h"
#include "util/quota.h"

#include <arpa/inet.h>
#include <math.h>
#include <netdb.h>
#include <sched.h>

static void setup(void)
{
    fixture_up();
    names_add("one.test", "127.0.0.1");
    names_add("two.test", "127.0.0.1 ::1");
    names_add("slow.test", "127.0.0.1");
}

static void teardown(void)
{
    names_release();
    fixture_down();
}

TestSuite(resolve, .init = setup, .fini = teardown);

Test(resolve, a_numeric_host_never_waits)
{
    struct act act;
    act_resolve(&act, "127.0.0.1", "80");
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, 0);
    cr_assert_eq(act.found, 1);
    cr_assert_eq(ntohs(act.from.in.sin_port), 80);
    act_resolve(&act, "::1", "http");
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.from.family, AF_INET6);
    cr_assert_eq(ntohs(act.from.in6.sin6_port), 80);
    cr_assert_eq(names_begun(), 0);
}

Test(resolve, no_host_never_waits)
{
    struct act act;
    act_resolve(&act, NULL, "80");
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, 0);
    cr_assert_gt(act.found, 0);
}

Test(resolve, a_name_is_looked_up_off_the_loop)
{
    struct act act;
    act_resolve(&act, "two.test", "80");
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    cr_assert_eq(fixture_stats().lookups, 1);
    cr_assert_eq(act_end(&act), 0);
    cr_assert_eq(act.found, 2);
    cr_assert_eq(fixture_stats().lookups, 0);
}

Test(resolve, localhost_is_known)
{
    struct act act;
    act_resolve(&act, "localhost", "80");
    cr_assert_eq(act_run(&act, INFINITY), 0);
    cr_assert_gt(act.found, 0);
}

Test(resolve, an_unknown_name_says_so)
{
    struct act act;
    act_resolve(&act, "none.test", "80");
    cr_assert_eq(act_run(&act, INFINITY), error_from_eai(EAI_NONAME));
}

Test(resolve, an_unknown_service_says_so)
{
    struct act act;
    act_resolve(&act, "127.0.0.1", "no-such-service");
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, error_from_eai(EAI_SERVICE));
}

Test(resolve, the_hints_are_copied)
{
    struct act act = {.kind = ACT_FOUND};
    char host[] = "two.test", service[] = "80";
    struct addrinfo hints = {.ai_family = AF_INET6, .ai_socktype = SOCK_STREAM};
    op_resolve(&act.op, net, host, service, &hints);
    memset(host, 'x', sizeof host - 1);
    memset(service, 'x', sizeof service - 1);
    memset(&hints, 0xff, sizeof hints);
    act_run(&act, INFINITY);
    /* of its two addresses one is of the other family, which is an error of the whole there */
    cr_assert(error_is_eai(act.status));
    cr_assert_neq(error_eai_code(act.status), EAI_NONAME, "%s", gai_strerror(act.status));
}

Test(resolve, a_numeric_host_that_was_asked_for_is_not_looked_up)
{
    struct act act = {.kind = ACT_FOUND};
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    op_resolve(&act.op, net, "one.test", "80", &hints);
    cr_assert_eq(act_start(&act, INFINITY), OP_DONE);
    cr_assert_eq(act.status, error_from_eai(EAI_NONAME));
    cr_assert_eq(names_begun(), 0);
}

Test(resolve, without_hints_too)
{
    struct act act = {.kind = ACT_FOUND};
    op_resolve(&act.op, net, "one.test", NULL, NULL);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    cr_assert_geq(act.found, 1);
}

static void await_running(unsigned count)
{
    while (names_running() != count)
        sched_yield();
}

Test(resolve, one_that_hangs_times_out)
{
    struct act act, other;
    names_hold();
    act_resolve(&act, "slow.test", "80");
    cr_assert_eq(act_run(&act, 0.01), -ETIMEDOUT);
    act_resolve(&other, "one.test", "80");
    cr_assert_eq(act_run(&other, INFINITY), 0);
}

Test(resolve, with_no_time_a_name_times_out_at_once)
{
    struct act act;
    act_resolve(&act, "one.test", "80");
    cr_assert_eq(act_start(&act, 0), OP_DONE);
    cr_assert_eq(act.status, -ETIMEDOUT);
}

Test(resolve, more_than_there_are_threads_wait_each_in_its_own_time)
{
    struct act acts[8], last;
    names_hold();
    for (int i = 0; i < 8; i++) {
        act_resolve(&acts[i], "slow.test", "80");
        act_start(&acts[i], INFINITY);
    }
    await_running(4);
    act_resolve(&last, "one.test", "80");
    cr_assert_eq(act_run(&last, 0.01), -ETIMEDOUT, "it queues behind the others");
    names_release();
    for (int i = 0; i < 8; i++)
        cr_assert_eq(act_end(&acts[i]), 0);
    cr_assert_eq(names_most(), 4);
}

Test(resolve, one_that_runs_may_be_cancelled)
{
    struct act act;
    names_hold();
    act_resolve(&act, "slow.test", "80");
    act_start(&act, INFINITY);
    await_running(1);
    act_cancel(&act, -ECANCELED);
    cr_assert_eq(act_end(&act), -ECANCELED);
    names_release();
    await_running(0);
    fixture_run_rounds(10);
    cr_assert_eq(act.calls, 1);
}

/* Cancelled when its answer is there already, and the loop has not looked. */
Test(resolve, one_that_was_answered_may_be_cancelled)
{
    struct act act;
    act_resolve(&act, "one.test", "80");
    act_start(&act, INFINITY);
    while (names_begun() < 1)
        sched_yield();
    await_running(0);
    act_cancel(&act, -ECANCELED);
    cr_assert_eq(act_end(&act), -ECANCELED);
}

Test(resolve, one_may_be_taken_back_at_any_time)
{
    struct act running, queued[8];
    names_hold();
    act_resolve(&running, "slow.test", "80");
    act_start(&running, INFINITY);
    for (int i = 0; i < 8; i++) {
        act_resolve(&queued[i], "slow.test", "80");
        act_start(&queued[i], INFINITY);
    }
    await_running(4);
    for (int i = 0; i < 8; i++)
        act_abort(&queued[i]);
    act_abort(&running);
    cr_assert_eq(fixture_stats().operations, 0);
}

Test(resolve, one_that_was_never_started_may_be_taken_back)
{
    struct act act;
    act_resolve(&act, "one.test", "80");
    act_abort(&act);
    cr_assert_eq(names_begun(), 0);
}

Test(resolve, only_names_are_paid_for_and_only_if_somebody_can)
{
    struct quota *quota;
    struct quota_limits limits = {.most = {[QUOTA_LOOKUPS] = 1}};
    struct act act;
    cr_assert_eq(quota_new(&quota, &limits), 0);
    struct quota_user *user = quota_user_get(quota, 1000);
    cr_assert_eq(quota_charge(user, QUOTA_LOOKUPS, 1), 0);
    act_resolve(&act, "127.0.0.1", "80");
    op_set_payer(&act.op, user);
    cr_assert_eq(act_run(&act, INFINITY), 0);
    act_resolve(&act, "one.test", "80");
    op_set_payer(&act.op, user);
    cr_assert_eq(act_run(&act, INFINITY), -EDQUOT);
    quota_release(user, QUOTA_LOOKUPS, 1);
    act_resolve(&act, "nothing.test", "80");
    op_set_payer(&act.op, user);
    cr_assert_eq(act_start(&act, INFINITY), OP_WAIT);
    cr_assert_eq(quota_used(user, QUOTA_LOOKUPS), 1);
    act_end(&act);
    cr_assert_eq(quota_used(user, QUOTA_LOOKUPS), 0);
    quota_user_put(user);
    quota_free(quota);
}
