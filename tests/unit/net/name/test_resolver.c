/* Look-ups in threads: how many at once, in what order, and that nobody waits for a hung one. */
#include "fake_names.h"
#include "harness/harness.h"
#include "loop/loop.h"
#include "net/name/resolver.h"
#include "util/error.h"
#include "util/quota.h"

#include <criterion/criterion.h>
#include <netdb.h>
#include <sched.h>
#include <stdio.h>

static struct loop *loop;
static struct resolver *resolver;
static int fds;

static void setup(void)
{
    fds = harness_fd_count();
    cr_assert_eq(loop_new(&loop), 0);
    cr_assert_eq(resolver_new(&resolver, loop, 2), 0);
    names_add("one.test", "127.0.0.1");
    names_add("slow.test", "127.0.0.2");
}

static void teardown(void)
{
    names_release();
    resolver_free(resolver);
    cr_expect_eq(loop_busy(loop), 0);
    loop_free(loop);
    cr_expect_eq(harness_fd_count(), fds, "a descriptor was left");
}

TestSuite(resolver, .init = setup, .fini = teardown);

struct asked {
    struct lookup *lookup;
    unsigned answers;
    int result;
    char address[64];
    struct asked *cancel; /* when the answer comes */
};

static unsigned answers;
static unsigned awaited;

static void on_answer(void *context, int result, struct addrinfo *list)
{
    struct asked *asked = context;
    asked->answers++;
    answers++;
    asked->result = result;
    if (list != NULL)
        getnameinfo(list->ai_addr, list->ai_addrlen, asked->address, sizeof asked->address, NULL, 0,
                    NI_NUMERICHOST);
    if (list != NULL)
        freeaddrinfo(list);
    if (asked->cancel != NULL)
        lookup_cancel(asked->cancel->lookup);
    if (answers >= awaited)
        loop_stop(loop);
}

static void ask_as(uint64_t asker, struct asked *asked, const char *host)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    *asked = (struct asked){0};
    cr_assert_eq(
        lookup_start(resolver, asker, host, "80", &hints, on_answer, asked, &asked->lookup), 0);
}

static void ask(struct asked *asked, const char *host)
{
    ask_as(LOOKUP_NOBODY, asked, host);
}

static void give_up(struct loop_timer *timer)
{
    (void)timer;
    cr_assert_fail("no answer came");
}

/* Runs the loop until that many answers have come. */
static void await(unsigned count)
{
    struct loop_timer patience = {0};
    cr_assert_eq(loop_timer_start(loop, &patience, loop_now() + 10 * LOOP_SECOND, give_up), 0);
    awaited = count;
    if (answers < count)
        loop_run(loop);
    loop_timer_stop(loop, &patience);
}

static void await_running(unsigned count)
{
    while (names_running() != count)
        sched_yield();
}

Test(resolver, answers_from_the_loop)
{
    struct asked asked;
    ask(&asked, "one.test");
    cr_assert_eq(asked.answers, 0);
    cr_assert_eq(resolver_busy(resolver), 1);
    await(1);
    cr_assert_eq(asked.result, 0);
    cr_assert_str_eq(asked.address, "127.0.0.1");
    cr_assert_eq(resolver_busy(resolver), 0);
}

Test(resolver, says_what_is_wrong)
{
    struct asked asked;
    ask(&asked, "none.test");
    await(1);
    cr_assert(error_is_eai(asked.result));
    cr_assert_eq(error_eai_code(asked.result), EAI_NONAME);
}

Test(resolver, runs_as_many_at_once_as_it_has_threads)
{
    struct asked asked[5];
    names_hold();
    for (int i = 0; i < 5; i++)
        ask(&asked[i], "slow.test");
    await_running(2);
    cr_assert_eq(resolver_busy(resolver), 5);
    names_release();
    await(5);
    cr_assert_eq(names_most(), 2);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(asked[i].result, 0);
}

Test(resolver, starts_no_thread_for_what_one_can_do)
{
    struct asked asked[3];
    for (unsigned i = 0; i < 3; i++) {
        ask(&asked[i], "one.test");
        await(i + 1);
    }
    cr_assert_eq(names_most(), 1);
}

Test(resolver, a_cancelled_one_in_the_queue_never_begins)
{
    struct asked running[2], queued, last;
    names_hold();
    ask(&running[0], "slow.test");
    ask(&running[1], "slow.test");
    await_running(2);
    ask(&queued, "one.test");
    ask(&last, "one.test");
    lookup_cancel(queued.lookup);
    cr_assert_eq(resolver_busy(resolver), 3);
    names_release();
    await(3);
    cr_assert_eq(queued.answers, 0);
    cr_assert_eq(last.answers, 1);
    cr_assert_eq(names_begun(), 3);
}

Test(resolver, a_cancelled_one_that_runs_is_not_answered)
{
    struct asked cancelled, next;
    names_hold();
    ask(&cancelled, "slow.test");
    await_running(1);
    lookup_cancel(cancelled.lookup);
    names_release();
    ask(&next, "one.test");
    await(1);
    cr_assert_eq(next.answers, 1);
    cr_assert_eq(cancelled.answers, 0);
}

Test(resolver, another_asker_does_not_queue_behind_one_with_many)
{
    static struct asked many[50];
    struct asked other, third;
    names_hold();
    for (int i = 0; i < 50; i++)
        ask_as(7, &many[i], "slow.test");
    await_running(2);
    ask_as(8, &other, "one.test");
    await(1);
    cr_assert_eq(other.answers, 1);
    ask_as(9, &third, "one.test");
    await(2);
    cr_assert_eq(third.answers, 1);
    cr_assert_eq(names_running(), 2, "nobody has more threads than there are for one");
    names_release();
    await(52);
}

Test(resolver, askers_are_served_in_turn)
{
    struct asked running[2], first[3], second;
    names_hold();
    ask_as(7, &running[0], "slow.test");
    ask_as(7, &running[1], "slow.test");
    await_running(2);
    for (int i = 0; i < 3; i++)
        ask_as(7, &first[i], "one.test");
    ask_as(8, &second, "one.test");
    await(1);
    cr_assert_eq(second.answers, 1, "those that stand in the queue before it are all another's");
    names_release();
    await(6);
}

Test(resolver, a_cancelled_one_gives_its_threads_place_back)
{
    struct asked cancelled[2], next;
    names_hold();
    ask(&cancelled[0], "slow.test");
    ask(&cancelled[1], "slow.test");
    await_running(2);
    lookup_cancel(cancelled[0].lookup);
    lookup_cancel(cancelled[1].lookup);
    ask(&next, "one.test");
    await(1);
    cr_assert_eq(next.answers, 1);
    cr_assert_eq(names_running(), 2);
}

Test(resolver, those_who_cancel_what_hangs_take_no_more_than_half_of_all_threads)
{
    static struct asked hung[20];
    struct asked other;
    names_hold();
    for (int i = 0; i < 20; i++) {
        ask_as(7, &hung[i], "slow.test");
        if (i < 8)
            await_running((unsigned)i + 1);
        lookup_cancel(hung[i].lookup);
    }
    ask_as(7, &hung[0], "slow.test");
    ask_as(8, &other, "one.test");
    await(1);
    cr_assert_eq(other.answers, 1);
    cr_assert_eq(names_running(), 8);
    lookup_cancel(hung[0].lookup);
}

Test(resolver, numeric_hosts_pass_by_those_that_hang)
{
    struct asked hung[2], numeric;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    names_hold();
    ask(&hung[0], "slow.test");
    ask(&hung[1], "slow.test");
    await_running(2);
    numeric = (struct asked){0};
    cr_assert_eq(lookup_start(resolver, LOOKUP_NOBODY, "127.0.0.3", "80", &hints, on_answer,
                              &numeric, &numeric.lookup),
                 0);
    await(1);
    cr_assert_str_eq(numeric.address, "127.0.0.3");
    lookup_cancel(hung[0].lookup);
    lookup_cancel(hung[1].lookup);
}

/* ---- who pays ---- */

static struct quota *quota;
static struct quota_user *user;

static void open_account(void)
{
    struct quota_limits limits = {{0}};
    cr_assert_eq(quota_new(&quota, &limits), 0);
    cr_assert_not_null(user = quota_user_get(quota, 1000));
}

/* Look-ups keep it open as long as somebody pays for them. */
static void close_account(void)
{
    cr_assert_eq(quota_used(user, QUOTA_LOOKUPS), 0);
    quota_user_put(user);
    quota_free(quota);
}

static void ask_paid(struct asked *asked, const char *host)
{
    ask(asked, host);
    cr_assert_eq(quota_charge(user, QUOTA_LOOKUPS, 1), 0);
    lookup_set_payer(asked->lookup, user);
}

Test(resolver, one_is_paid_for_until_its_thread_is_done_with_it)
{
    struct asked running[2], queued, next;
    open_account();
    names_hold();
    ask_paid(&running[0], "slow.test");
    ask_paid(&running[1], "slow.test");
    await_running(2);
    ask_paid(&queued, "one.test");
    cr_assert_eq(quota_used(user, QUOTA_LOOKUPS), 3);
    lookup_cancel(queued.lookup);
    cr_assert_eq(quota_used(user, QUOTA_LOOKUPS), 2);
    lookup_cancel(running[0].lookup);
    cr_assert_eq(quota_used(user, QUOTA_LOOKUPS), 2, "its thread is still there");
    names_release();
    for (unsigned count = 2; resolver_busy(resolver) > 0; count++) {
        ask(&next, "one.test");
        await(count);
    }
    close_account();
}

Test(resolver, those_who_pay_may_go_before_the_threads)
{
    struct asked running, queued;
    open_account();
    names_hold();
    ask_paid(&running, "slow.test");
    await_running(1);
    lookup_cancel(running.lookup);
    ask_paid(&queued, "slow.test");
    resolver_forget_payers(resolver);
    close_account();
    names_release();
    await(1);
}

Test(resolver, one_answer_may_cancel_another_that_is_there_too)
{
    struct asked first, second;
    names_hold();
    ask(&first, "slow.test");
    ask(&second, "slow.test");
    first.cancel = &second;
    second.cancel = &first;
    await_running(2);
    names_release();
    await_running(0);
    await(1);
    cr_assert_eq(first.answers + second.answers, 1);
    while (resolver_busy(resolver) > 0) {
        struct asked last;
        ask(&last, "one.test");
        await(answers + 1);
    }
    cr_assert_eq(first.answers + second.answers, 1);
}

Test(resolver, a_look_up_that_hangs_holds_up_no_other)
{
    struct asked hung, other;
    names_hold();
    ask(&hung, "slow.test");
    await_running(1);
    ask(&other, "one.test");
    await(1);
    cr_assert_eq(other.answers, 1);
    cr_assert_eq(hung.answers, 0);
    lookup_cancel(hung.lookup);
}

Test(resolver, may_be_freed_while_a_look_up_hangs)
{
    struct asked hung, queued[3];
    names_hold();
    ask(&hung, "slow.test");
    for (int i = 0; i < 3; i++)
        ask(&queued[i], "slow.test");
    await_running(2);
    resolver_free(resolver);
    resolver = NULL;
    cr_assert_eq(loop_busy(loop), 0);
    names_release();
    await_running(0);
    cr_assert_eq(answers, 0);
    cr_assert_eq(names_begun(), 2, "the queued ones began all the same");
}

Test(resolver, a_hundred_in_any_order)
{
    static struct asked asked[100];
    for (int i = 0; i < 100; i++)
        ask(&asked[i], i % 3 == 0 ? "none.test" : "one.test");
    for (int i = 0; i < 100; i += 10)
        lookup_cancel(asked[i].lookup);
    await(90);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(asked[i].answers, i % 10 == 0 ? 0 : 1);
}

Test(resolver, nothing_is_freed)
{
    resolver_free(NULL);
}
