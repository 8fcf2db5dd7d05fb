/* Fiber objects. */
#include "fiber_fixture.h"

#include <errno.h>
#include <unistd.h>

TestSuite(fiber, .init = fixture_up, .fini = fixture_down);

Test(fiber, ends_with_its_results)
{
    cr_assert_str_eq(fixture_result("return 1, nil, 'x'"), "1 nil x");
    cr_assert_str_eq(fixture_result(""), "");
    cr_assert_eq(vm_fibers(vm), 0);
}

Test(fiber, ends_with_an_error_and_its_traceback)
{
    struct outcome outcome;
    fiber_start(fixture_fiber("local function deep() error('boom') end deep()", &outcome));
    cr_assert_eq(outcome.status, LUA_ERRRUN);
    cr_assert_not_null(strstr(outcome.text, "test:1: boom"));
    cr_assert_not_null(strstr(outcome.text, "in function 'deep'"));
    fiber_start(fixture_fiber("error({})", &outcome));
    cr_assert_not_null(strstr(outcome.text, "(the error is a table)"));
}

Test(fiber, takes_its_arguments)
{
    cr_assert_str_eq(fixture_result("create(function(...) note(table.concat({...}, ',')) end,"
                                    "1, 2, 3)"),
                     "");
    cr_assert_str_eq(fixture_notes, "1,2,3");
}

Test(fiber, coroutines_are_reused_and_come_back_clean)
{
    struct fiber *first = fixture_fiber("setfenv(0, {}) return 1, 2", NULL);
    lua_State *L = fiber_state(first);
    uint64_t id = fiber_id(first);
    fiber_set_name(first, "first", 5);
    fiber_set_errno(first, 5);
    fiber_start(first);
    struct fiber *second = fixture_fiber("return tostring(note)", NULL);
    cr_assert_eq(fiber_state(second), L);
    cr_assert_neq(fiber_id(second), id);
    cr_assert_str_eq(fiber_name(second), "lua");
    cr_assert_eq(fiber_errno(second), 0);
    cr_assert_null(fiber_find(vm, id));
    lua_getglobal(L, "note");
    cr_assert(lua_isfunction(L, -1), "its globals are those of the machine");
    lua_pop(L, 1);
}

Test(fiber, one_that_ended_in_an_error_is_not_reused)
{
    struct outcome outcome;
    struct fiber *first = fixture_fiber("error('x')", &outcome);
    lua_State *L = fiber_state(first);
    fiber_start(first);
    cr_assert_neq(fiber_state(fixture_fiber("", NULL)), L);
}

Test(fiber, names)
{
    char longest[FIBER_NAME_MAX + 1];
    memset(longest, 'x', sizeof longest);
    struct fiber *fiber = fixture_fiber("", NULL);
    cr_assert_str_eq(fiber_name(fiber), "lua");
    cr_assert_eq(fiber_set_name(fiber, "abcdef", 3), 0);
    cr_assert_str_eq(fiber_name(fiber), "abc");
    cr_assert_eq(fiber_set_name(fiber, longest, FIBER_NAME_MAX), 0);
    cr_assert_eq(strlen(fiber_name(fiber)), FIBER_NAME_MAX);
    cr_assert_eq(fiber_set_name(fiber, longest, sizeof longest), -ENAMETOOLONG);
}

static size_t make_name(void *context, char name[FIBER_NAME_MAX + 1])
{
    struct outcome *outcome = context;
    cr_assert(!outcome->ended);
    memcpy(name, "made", 5);
    return 4;
}

static const struct fiber_maker namer = {.ended = fixture_ended, .name = make_name};

Test(fiber, a_name_is_made_when_somebody_asks)
{
    static struct outcome asked, joined, silent; /* told of at the end of the machine too */
    struct fiber *fiber = fixture_fiber("wait()", &asked);
    fiber_set_maker(fiber, &namer, &asked);
    fiber_start(fiber);
    cr_assert_str_eq(fiber_name(fiber), "made");
    cr_assert_eq(fiber_set_name(fiber, "given", 5), 0);
    cr_assert_str_eq(fiber_name(fiber), "given");

    struct fiber *joinable = fixture_fiber("", &joined);
    fiber_set_maker(joinable, &namer, &joined);
    fiber_set_joinable(joinable, true);
    fiber_start(joinable);
    cr_assert(joined.ended);
    cr_assert_str_eq(fiber_name(joinable), "made");
    fiber_set_joinable(joinable, false);

    struct fiber *ending = fixture_fiber("", &silent);
    fiber_set_maker(ending, &namer, &silent);
    fiber_start(ending);
    cr_assert_str_eq(fiber_name(fixture_fiber("", NULL)), "lua", "the next one is named alike");
}

Test(fiber, a_name_that_was_given_is_not_made)
{
    static struct outcome outcome;
    struct fiber *fiber = fixture_fiber("wait()", &outcome);
    cr_assert_eq(fiber_set_name(fiber, "given", 5), 0);
    fiber_set_maker(fiber, &namer, &outcome);
    cr_assert_str_eq(fiber_name(fiber), "given");
    cr_assert_eq(fiber_maker_context(fiber, &namer), &outcome);
    cr_assert_null(fiber_maker_context(fiber, NULL));
}

Test(fiber, owners_are_inherited)
{
    struct fiber *fiber = fixture_fiber("create(wait)", NULL);
    cr_assert_eq(fiber_owner(fiber), geteuid());
    fiber_set_owner(fiber, 12345);
    uint64_t id = fiber_id(fiber);
    fiber_start(fiber);
    struct fiber *child = fiber_find(vm, id + 1);
    cr_assert_not_null(child);
    cr_assert_eq(fiber_owner(child), 12345);
}

Test(fiber, cancel_is_noted_and_ends_a_wait)
{
    struct outcome outcome;
    struct fiber *fiber = fixture_fiber("wait()", &outcome);
    fiber_start(fiber);
    cr_assert(!fiber_is_cancelled(fiber));
    fiber_cancel(fiber);
    cr_assert(fiber_is_cancelled(fiber));
    cr_assert(!outcome.ended);
    fixture_run();
    cr_assert(outcome.ended);
}

static int test_cancel(lua_State *L)
{
    fiber_test_cancel(L);
    return 0;
}

static int define_test_cancel(lua_State *L)
{
    lua_register(L, "test_cancel", test_cancel);
    return 0;
}

static void note_cancel(struct fiber *fiber, void *context, int status)
{
    cr_assert_eq(status, LUA_ERRRUN);
    *(bool *)context = fiber_ended_by_cancel(fiber);
}

static const struct fiber_maker canceller = {.ended = note_cancel};

Test(fiber, dying_of_a_cancel_is_told_from_other_errors)
{
    cr_assert_eq(vm_protect(vm, define_test_cancel, NULL, NULL), 0);
    bool by_cancel = false;
    struct fiber *fiber = fixture_fiber("wait() test_cancel()", NULL);
    fiber_set_maker(fiber, &canceller, &by_cancel);
    fiber_start(fiber);
    fiber_cancel(fiber);
    fixture_run();
    cr_assert(by_cancel);
    fiber = fixture_fiber("wait() error('another')", NULL);
    fiber_set_maker(fiber, &canceller, &by_cancel);
    fiber_start(fiber);
    fiber_cancel(fiber);
    fixture_run();
    cr_assert(!by_cancel);
}

Test(fiber, a_joinable_one_waits_for_its_joiner)
{
    struct fiber *fiber = fixture_fiber("return 1, 2", NULL);
    uint64_t id = fiber_id(fiber);
    fiber_set_joinable(fiber, true);
    cr_assert(fiber_is_joinable(fiber));
    fiber_start(fiber);
    cr_assert(fiber_is_dead(fiber));
    cr_assert_eq(fiber_find(vm, id), fiber);
    lua_State *L = vm_main(vm);
    int top = lua_gettop(L);
    cr_assert_eq(fiber_reap(L, fiber), 3);
    cr_assert(lua_toboolean(L, top + 1));
    cr_assert_eq(lua_tointeger(L, top + 3), 2);
    lua_settop(L, top);
    cr_assert_null(fiber_find(vm, id));
}

Test(fiber, a_dead_one_that_is_joinable_no_more_is_gone)
{
    struct fiber *fiber = fixture_fiber("error('nobody hears this')", NULL);
    uint64_t id = fiber_id(fiber);
    fiber_set_joinable(fiber, true);
    fiber_start(fiber);
    cr_assert_eq(fiber_find(vm, id), fiber);
    fiber_set_joinable(fiber, false);
    cr_assert_null(fiber_find(vm, id));
}

Test(fiber, storage_is_its_own_until_its_end)
{
    lua_State *L = vm_main(vm);
    struct fiber *fiber = fixture_fiber("", NULL), *other = fixture_fiber("", NULL);
    fiber_push_storage(L, fiber);
    fiber_push_storage(L, fiber);
    fiber_push_storage(L, other);
    cr_assert(lua_rawequal(L, -2, -3));
    cr_assert(!lua_rawequal(L, -1, -2));
    lua_pop(L, 3);
    fiber_start(fiber);
    fiber_start(other);
}

Test(fiber, extra_bytes_are_zero_each_time)
{
    static const char zero[16];
    for (int i = 0; i < 2; i++) {
        struct fiber *fiber = fixture_fiber("", NULL);
        cr_assert_arr_eq(fiber_extra(fiber), zero, sizeof zero);
        memset(fiber_extra(fiber), 'x', sizeof zero);
        fiber_start(fiber);
    }
}

Test(fiber, switches_are_counted)
{
    struct fiber *fiber = fixture_fiber("wait() wait()", NULL);
    fiber_start(fiber);
    fixture_wake(fiber, "");
    cr_assert_eq(fiber_switches(fiber), 2);
    fixture_wake(fiber, "");
}
