/* What keeps one fiber from taking all the time. */
#include "fiber_fixture.h"

TestSuite(preempt, .init = fixture_up, .fini = fixture_down);

#define TOO_LONG "the fiber ran too long without waiting"

Test(preempt, a_long_loop_makes_room_and_comes_to_its_result)
{
    struct outcome outcome;
    fiber_start(
        fixture_fiber("local n = 0 for i = 1, 20000000 do n = n + 1 end return n", &outcome));
    cr_assert(!outcome.ended, "it ran to its end at once");
    fiber_schedule(fixture_fiber("note('meanwhile')", NULL));
    fixture_run_rounds(3);
    cr_assert_str_eq(fixture_notes, "meanwhile");
    fixture_run();
    cr_assert_str_eq(outcome.text, "20000000");
}

Test(preempt, across_pcall)
{
    struct outcome outcome;
    fiber_start(fixture_fiber("return pcall(function() local n = 0"
                              " for i = 1, 20000000 do n = n + 1 end return n end)",
                              &outcome));
    cr_assert(!outcome.ended);
    fixture_run();
    cr_assert_str_eq(outcome.text, "boolean 20000000");
}

Test(preempt, a_loop_that_never_ends_is_stopped)
{
    fixture_limit(0, 0.05);
    cr_assert_not_null(strstr(fixture_result("while true do end"), TOO_LONG));
    cr_assert_not_null(strstr(
        fixture_result("while true do pcall(function() while true do end end) end"), TOO_LONG));
    cr_assert_str_eq(fixture_result("return 'others go on'"), "others go on");
}

Test(preempt, a_callback_that_never_ends_is_stopped)
{
    fixture_limit(0, 0.05);
    cr_assert_not_null(strstr(
        fixture_result("table.sort({1, 2, 3}, function() while true do end end)"), TOO_LONG));
}

Test(preempt, whoever_waits_has_all_the_time)
{
    fixture_limit(0, 0.05);
    cr_assert_str_eq(fixture_result("for i = 1, 40 do"
                                    " for j = 1, 100000 do end yield() end return 'done'"),
                     "done");
}

Test(preempt, a_coroutine_within_a_fiber_yields_to_its_resumer)
{
    /* Whose part is what lua/coroutine.lua plays: to yield in turn. */
    lua_State *L = vm_main(vm);
    fiber_push_preempted(L);
    lua_setglobal(L, "preempted");
    struct outcome outcome;
    fiber_start(fixture_fiber(
        "local co = coroutine.create(function() for i = 1, 20000000 do end return 'end' end)"
        "local ok, value = coroutine.resume(co)"
        "local turns = 0 "
        "while preempted[1] do"
        "  turns = turns + 1 coroutine.yield() ok, value = coroutine.resume(co) end "
        "return value, turns > 1 and 'often' or 'seldom', preempted[1] and 'on' or 'off'",
        &outcome));
    fixture_run();
    cr_assert_str_eq(outcome.text, "end often off");
}

Test(preempt, garbage_of_a_caught_refusal_is_collected_before_the_next_instruction)
{
    fixture_limit(16 << 20, 0);
    const char *code = "local function bomb() local t = {}"
                       "  while true do t[#t + 1] = ('x'):rep(10000) .. #t end end "
                       "for i = 1, 20 do"
                       "  assert(not pcall(bomb)) local s = ('y'):rep(1000000) .. i end "
                       "return 'alive'";
    cr_assert_str_eq(fixture_result(code), "alive");
}
