/* Who runs when. */
#include "fiber_fixture.h"

TestSuite(schedule, .init = fixture_up, .fini = fixture_down);

Test(schedule, a_wait_returns_what_it_is_woken_with)
{
    struct outcome outcome;
    struct fiber *fiber = fixture_fiber("local a = wait(1, 2) return a, wait()", &outcome);
    fiber_start(fiber);
    cr_assert(!outcome.ended);
    fixture_wake(fiber, "first");
    fixture_wake(fiber, "second");
    cr_assert(outcome.ended);
    cr_assert_str_eq(outcome.text, "first second");
}

Test(schedule, what_is_on_the_stack_stays_alive)
{
    struct outcome outcome;
    struct fiber *fiber =
        fixture_fiber("wait(setmetatable({}, {__mode = 'k'}), 'a' .. 1)", &outcome);
    fiber_start(fiber);
    lua_gc(vm_main(vm), LUA_GCCOLLECT, 0);
    cr_assert_eq(lua_gettop(fiber_state(fiber)), 2);
    cr_assert_str_eq(lua_tostring(fiber_state(fiber), 2), "a1");
    fixture_wake(fiber, "");
}

Test(schedule, the_queue_is_served_in_order)
{
    for (int i = 0; i < 3; i++) {
        char code[64];
        snprintf(code, sizeof code, "note('%d') yield() note('%d')", i, i);
        fiber_schedule(fixture_fiber(code, NULL));
    }
    cr_assert_str_eq(fixture_notes, "");
    fixture_run();
    cr_assert_str_eq(fixture_notes, "012012");
}

Test(schedule, a_created_fiber_runs_first_and_its_creator_next)
{
    fiber_schedule(fixture_fiber("note('x')", NULL));
    fiber_start(fixture_fiber("note('1') create(function() note('2') yield() note('4') end)"
                              "note('3')",
                              NULL));
    cr_assert_str_eq(fixture_notes, "123");
    fixture_run();
    cr_assert_str_eq(fixture_notes, "123x4");
}

Test(schedule, a_created_fiber_waits_its_turn_where_its_creator_cannot)
{
    fiber_start(fixture_fiber("table.sort({1, 2}, function() create(note, '2') return false end)"
                              "note('1')",
                              NULL));
    fixture_run();
    cr_assert_str_eq(fixture_notes, "12");
}

Test(schedule, nobody_waits_within_a_callback_of_c)
{
    cr_assert_not_null(
        strstr(fixture_result("return pcall(table.sort, {1, 2}, wait)"), "cannot wait"));
}

Test(schedule, sleepers_wake_in_order_of_time)
{
    fiber_start(fixture_fiber("sleep(0.02) note('3')", NULL));
    fiber_start(fixture_fiber("sleep(0.001) note('1')", NULL));
    fiber_start(fixture_fiber("sleep(0.01) note('2')", NULL));
    fixture_run();
    cr_assert_str_eq(fixture_notes, "123");
}

static struct list queue;

static int enqueue(lua_State *L)
{
    return fiber_wait_in(L, &queue, LOOP_NEVER);
}

static int enqueue_shortly(lua_State *L)
{
    return fiber_wait_in(L, &queue, loop_deadline(0.001));
}

static int define_queue(lua_State *L)
{
    list_init(&queue);
    lua_register(L, "enqueue", enqueue);
    lua_register(L, "enqueue_shortly", enqueue_shortly);
    return 0;
}

Test(schedule, a_queue_is_woken_one_by_one_or_at_once)
{
    cr_assert_eq(vm_protect(vm, define_queue, NULL, NULL), 0);
    for (int i = 0; i < 4; i++)
        fiber_start(fixture_fiber("note(tostring(enqueue()) .. ' ')", NULL));
    cr_assert(fiber_wake_first(&queue));
    fixture_run_rounds(5);
    cr_assert_str_eq(fixture_notes, "true ");
    fiber_wake_all(&queue);
    fixture_run();
    cr_assert_str_eq(fixture_notes, "true true true true ");
    cr_assert(!fiber_wake_first(&queue));
}

Test(schedule, a_queue_is_left_at_a_deadline_a_wakeup_and_a_cancel)
{
    cr_assert_eq(vm_protect(vm, define_queue, NULL, NULL), 0);
    struct outcome late, woken, cancelled;
    struct fiber *fibers[2];
    fiber_start(fixture_fiber("return enqueue_shortly()", &late));
    fiber_start(fibers[0] = fixture_fiber("return enqueue()", &woken));
    fiber_start(fibers[1] = fixture_fiber("return enqueue()", &cancelled));
    fiber_wakeup(fibers[0]);
    fiber_cancel(fibers[1]);
    cr_assert(!woken.ended, "not from within the call");
    fixture_run();
    cr_assert(late.ended && woken.ended && cancelled.ended);
    cr_assert(list_empty(&queue));
}

static int answer_at_once(lua_State *L)
{
    lua_pushliteral(L, "at once");
    return fiber_did_not_wait(L, fiber_current(L), 1);
}

static int define_answer(lua_State *L)
{
    lua_register(L, "answer", answer_at_once);
    return 0;
}

Test(schedule, calls_that_never_wait_make_room_now_and_then)
{
    cr_assert_eq(vm_protect(vm, define_answer, NULL, NULL), 0);
    struct outcome outcome;
    fiber_start(
        fixture_fiber("for i = 1, 1000 do assert(answer(1, 2, 3) == 'at once') end", &outcome));
    cr_assert(!outcome.ended);
    fiber_schedule(fixture_fiber("note('meanwhile')", NULL));
    fixture_run_rounds(3);
    cr_assert_str_eq(fixture_notes, "meanwhile");
    cr_assert(!outcome.ended);
    fixture_run();
    cr_assert_eq(outcome.status, 0, "%s", outcome.text);
}

Test(schedule, a_bare_yield_of_the_script_is_a_turn_for_others)
{
    fiber_start(fixture_fiber("coroutine.yield(1) note('2')", NULL));
    fiber_start(fixture_fiber("note('1')", NULL));
    fixture_run();
    cr_assert_str_eq(fixture_notes, "12");
}
