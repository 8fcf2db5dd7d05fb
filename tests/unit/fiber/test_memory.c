/* When garbage is collected. */
#include "fiber_fixture.h"

TestSuite(memory, .init = fixture_up, .fini = fixture_down);

static void stop(struct loop_timer *timer)
{
    (void)timer;
    loop_stop(loop);
}

/* With nobody in the machine. */
static void run_until_below(size_t bytes, double seconds)
{
    struct loop_timer timer = {0};
    uint64_t end = loop_now() + (uint64_t)(seconds * 1e9);
    while (vm_memory(vm) > bytes && loop_now() < end) {
        cr_assert_eq(loop_timer_start(loop, &timer, loop_deadline(0.01), stop), 0);
        cr_assert_eq(loop_run(loop), 0);
    }
}

/* So much is alive that the collector does not begin by itself soon. */
static size_t settle(void)
{
    fixture_result("kept = string.rep('x', 4000000) collectgarbage() collectgarbage()");
    return vm_memory(vm);
}

static const char *const some_garbage = "for i = 1, 20000 do local garbage = {i} end";

Test(memory, garbage_goes_when_the_machine_rests)
{
    size_t before = settle();
    fixture_result(some_garbage);
    cr_assert_gt(vm_memory(vm), before + (1 << 20));
    run_until_below(before + (100 << 10), 10);
    cr_assert_leq(vm_memory(vm), before + (100 << 10));
}

Test(memory, a_machine_that_runs_is_left_alone)
{
    struct outcome outcome;
    size_t before = settle();
    fixture_result(some_garbage);
    fiber_start(fixture_fiber("for i = 1, 150 do sleep(0.01) end", &outcome));
    while (!outcome.ended) {
        cr_assert_gt(vm_memory(vm), before + (1 << 20));
        fixture_run_rounds(1);
    }
}

Test(memory, garbage_goes_before_the_limit_is_in_the_way)
{
    fixture_limit(8 << 20, 0);
    fixture_result("for i = 1, 1000 do local garbage = string.rep('x', 100000 + i) end");
    cr_assert_leq(vm_memory(vm), 8 << 20);
    cr_assert_str_eq(fixture_result("return 'alive'"), "alive");
}
