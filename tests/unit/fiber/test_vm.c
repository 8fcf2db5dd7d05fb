/* The machine: its limits, its protected calls, its end. */
#include "fiber_fixture.h"

#include <errno.h>

TestSuite(vm, .init = fixture_up, .fini = fixture_down);

static int push_three(lua_State *L)
{
    cr_assert_eq(lua_touserdata(L, 1), &loop, "the argument");
    lua_pushinteger(L, 1);
    lua_pushinteger(L, 2);
    lua_pushinteger(L, 3);
    return 2;
}

Test(vm, protect_leaves_the_results_on_top)
{
    int results;
    lua_State *L = vm_main(vm);
    int top = lua_gettop(L);
    cr_assert_eq(vm_protect(vm, push_three, &loop, &results), 0);
    cr_assert_eq(results, 2);
    cr_assert_eq(lua_tointeger(L, -1), 3);
    cr_assert_eq(lua_tointeger(L, -2), 2);
    lua_pop(L, results);
    cr_assert_eq(vm_protect(vm, push_three, &loop, NULL), 0);
    cr_assert_eq(lua_gettop(L), top);
}

static int fail(lua_State *L)
{
    return luaL_error(L, "on purpose");
}

static int fail_without_text(lua_State *L)
{
    lua_newtable(L);
    return lua_error(L);
}

static int take_everything(lua_State *L)
{
    for (int i = 0;; i++)
        lua_newuserdata(L, 1000000);
    return 0;
}

Test(vm, protect_catches_errors)
{
    int top = lua_gettop(vm_main(vm));
    cr_assert_eq(vm_protect(vm, fail, NULL, NULL), -EINVAL);
    cr_assert_eq(vm_protect(vm, fail_without_text, NULL, NULL), -EINVAL);
    cr_assert_eq(lua_gettop(vm_main(vm)), top);
}

/* And a little more, for those who have got to tell somebody. */
Test(vm, memory_has_a_limit)
{
    size_t limit = 8 << 20, overdraft = 16 << 20;
    fixture_limit(limit, 0);
    cr_assert_eq(vm_protect(vm, take_everything, NULL, NULL), -ENOMEM);
    cr_assert_leq(vm_memory(vm), limit + overdraft);
    cr_assert_eq(vm_protect(vm, push_three, &loop, NULL), 0);
}

Test(vm, its_states_lead_back_to_it)
{
    cr_assert_eq(vm_of(vm_main(vm)), vm);
    cr_assert_eq(vm_of(fiber_state(fixture_fiber("", NULL))), vm);
    cr_assert_eq(vm_loop(vm), loop);
    cr_assert_null(vm_context(vm));
    cr_assert(!vm_has_jit(vm));
}

Test(vm, the_compiler_is_off)
{
    cr_assert_str_eq(fixture_result("return tostring(jit.status())"), "false");
}

Test(vm, fibers_are_found_by_number)
{
    struct fiber *fibers[300];
    for (int i = 0; i < 300; i++)
        fibers[i] = fixture_fiber("", NULL);
    cr_assert_eq(vm_fibers(vm), 300);
    for (int i = 0; i < 300; i++)
        cr_assert_eq(fiber_find(vm, fiber_id(fibers[i])), fibers[i]);
    cr_assert_null(fiber_find(vm, 12345678));
    for (int i = 0; i < 300; i++)
        fiber_start(fibers[i]);
    cr_assert_eq(vm_fibers(vm), 0);
}

static void count(void *context, struct fiber *fiber)
{
    cr_assert_not_null(fiber);
    ++*(int *)context;
}

Test(vm, each_living_fiber)
{
    int counted = 0;
    struct fiber *first = fixture_fiber("wait()", NULL);
    fiber_start(first);
    fiber_start(fixture_fiber("wait()", NULL));
    fiber_start(fixture_fiber("", NULL));
    fiber_each(vm, count, &counted);
    cr_assert_eq(counted, 2);
}

Test(vm, its_end_cuts_fibers_short)
{
    struct outcome waiting, sleeping, ready;
    fiber_start(fixture_fiber("wait()", &waiting));
    fiber_start(fixture_fiber("sleep(100)", &sleeping));
    fiber_schedule(fixture_fiber("note('not reached')", &ready));
    fixture_limit(0, 0);
    cr_assert_eq(waiting.status, FIBER_ABANDONED);
    cr_assert_eq(sleeping.status, FIBER_ABANDONED);
    cr_assert_eq(ready.status, FIBER_ABANDONED);
    cr_assert_str_eq(fixture_notes, "");
}

/* Each number leads to its fiber and to no other, also where several share a bucket. */
Test(vm, of_many_fibers_each_is_found_while_it_lives)
{
    enum { MANY = 1000 };
    struct fiber *fibers[MANY];
    uint64_t ids[MANY];
    for (int i = 0; i < MANY; i++) {
        fibers[i] = fixture_fiber(i % 3 != 0 ? "wait()" : "", NULL);
        ids[i] = fiber_id(fibers[i]);
    }
    for (int i = 0; i < MANY; i++)
        fiber_start(fibers[i]);
    int counted = 0;
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(fiber_find(vm, ids[i]), i % 3 != 0 ? fibers[i] : NULL);
    fiber_each(vm, count, &counted);
    cr_assert_eq(counted, 666);
    cr_assert_eq(vm_fibers(vm), 666);
}

/* Whichever of them the machine meets first. */
Test(vm, its_end_cuts_joiners_short)
{
    struct outcome before, joined, after;
    struct fiber *first = fixture_fiber("join(102)", &before);
    struct fiber *second = fixture_fiber("wait()", &joined);
    cr_assert_eq(fiber_id(second), 102);
    fiber_set_joinable(second, true);
    fiber_start(second);
    fiber_start(first);
    fiber_start(fixture_fiber("join(102)", &after));
    fixture_limit(0, 0);
    cr_assert_eq(before.status, FIBER_ABANDONED);
    cr_assert_eq(joined.status, FIBER_ABANDONED);
    cr_assert_eq(after.status, FIBER_ABANDONED);
}

Test(vm, finalizers_run_at_the_end_and_find_no_machine)
{
    fixture_result("kept = newproxy(true)"
                   "getmetatable(kept).__gc = function() note('gone ') create(print) end");
    fixture_limit(0, 0);
    cr_assert_str_eq(fixture_notes, "gone ");
}
