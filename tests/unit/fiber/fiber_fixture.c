/* What the tests of the fiber layer share; see fiber_fixture.h. */
#include "fiber_fixture.h"

#include "harness/harness.h"

#include <lualib.h>

struct loop *loop;
struct vm *vm;
char fixture_notes[256];

static int fds;

static void fixture_open(size_t memory, double cpu)
{
    struct vm_config config = {.memory = memory, .cpu = cpu, .extra = 16};
    cr_assert_eq(vm_new(&vm, loop, &config), 0);
}

void fixture_up(void)
{
    fds = harness_fd_count();
    cr_assert_eq(loop_new(&loop), 0);
    fixture_open(0, 0);
    fixture_notes[0] = '\0';
}

void fixture_limit(size_t memory, double cpu)
{
    vm_free(vm);
    fixture_open(memory, cpu);
}

void fixture_down(void)
{
    vm_free(vm);
    vm = NULL;
    cr_expect_eq(loop_busy(loop), 0, "%zu things are left", loop_busy(loop));
    loop_free(loop);
    cr_expect_eq(harness_fd_settle(fds), fds);
}

/* ---- functions for the chunks ---- */

static int fixture_note(lua_State *L)
{
    strncat(fixture_notes, luaL_checkstring(L, 1),
            sizeof fixture_notes - strlen(fixture_notes) - 1);
    return 0;
}

static void fixture_interrupt(struct fiber *fiber, enum fiber_interrupt why)
{
    if (why == FIBER_CANCEL)
        fiber_wake_later(fiber, 0);
}

static int fixture_wait(lua_State *L)
{
    if (!fiber_may_wait(L))
        return luaL_error(L, "cannot wait");
    return fiber_wait(L, fiber_current(L), fixture_interrupt);
}

static int fixture_sleep(lua_State *L)
{
    return fiber_wait_in(L, NULL, loop_deadline(luaL_checknumber(L, 1)));
}

static int fixture_create(lua_State *L)
{
    return fiber_run_first(L, fiber_new(L, lua_gettop(L) - 1), 0);
}

static int fixture_join(lua_State *L)
{
    return fiber_wait_end(L, fiber_find(vm, (uint64_t)luaL_checknumber(L, 1)));
}

static const luaL_Reg fixture_functions[] = {
    {"note", fixture_note},
    {"wait", fixture_wait},
    {"sleep", fixture_sleep},
    {"create", fixture_create},
    {"yield", fiber_yield},
    {"join", fixture_join},
    {NULL, NULL},
};

/* ---- fibers ---- */

static void fixture_collect(lua_State *L, struct outcome *outcome)
{
    outcome->text[0] = '\0';
    for (int i = 1; i <= lua_gettop(L); i++) {
        const char *text = lua_isnil(L, i) ? "nil" : lua_tostring(L, i);
        snprintf(outcome->text + strlen(outcome->text),
                 sizeof outcome->text - strlen(outcome->text), "%s%s", i > 1 ? " " : "",
                 text != NULL ? text : luaL_typename(L, i));
    }
}

void fixture_ended(struct fiber *fiber, void *context, int status)
{
    struct outcome *outcome = context;
    cr_assert(!outcome->ended, "it ended twice");
    outcome->ended = true;
    outcome->status = status;
    if (status == 0) {
        fixture_collect(fiber_state(fiber), outcome);
    } else if (status > 0) {
        char *text = fiber_error_text(fiber);
        snprintf(outcome->text, sizeof outcome->text, "%s", text);
        free(text);
    }
}

static const struct fiber_maker fixture_maker = {.ended = fixture_ended};

struct order {
    const char *code;
    struct fiber *fiber;
};

static int fixture_make(lua_State *L)
{
    struct order *order = lua_touserdata(L, 1);
    for (const luaL_Reg *row = fixture_functions; row->name != NULL; row++)
        lua_register(L, row->name, row->func);
    if (luaL_loadbuffer(L, order->code, strlen(order->code), "=test") != 0)
        return lua_error(L);
    order->fiber = fiber_new(L, 0);
    return 0;
}

struct fiber *fixture_fiber(const char *code, struct outcome *outcome)
{
    struct order order = {code, NULL};
    cr_assert_eq(vm_protect(vm, fixture_make, &order, NULL), 0);
    if (outcome != NULL) {
        *outcome = (struct outcome){0};
        fiber_set_maker(order.fiber, &fixture_maker, outcome);
    }
    return order.fiber;
}

/* ---- the loop ---- */

struct runner {
    struct loop_task task;
    int rounds;
};

static void fixture_round(struct loop_task *task)
{
    struct runner *runner = CONTAINER_OF(task, struct runner, task);
    if (vm_fibers(vm) == 0 || runner->rounds == 0) {
        loop_stop(loop);
        return;
    }
    runner->rounds--;
    loop_defer(loop, task);
}

void fixture_run_rounds(int rounds)
{
    struct runner runner = {.rounds = rounds};
    loop_task_init(&runner.task, fixture_round);
    loop_defer(loop, &runner.task);
    cr_assert_eq(loop_run(loop), 0);
}

void fixture_run(void)
{
    fixture_run_rounds(-1);
}

static int fixture_push(lua_State *L)
{
    lua_pushstring(L, lua_touserdata(L, 1));
    return 1;
}

void fixture_wake(struct fiber *fiber, const char *text)
{
    int results;
    cr_assert_eq(vm_protect(vm, fixture_push, (void *)(uintptr_t)text, &results), 0);
    fiber_wake(fiber, results);
}

const char *fixture_result(const char *code)
{
    static struct outcome outcome;
    fiber_start(fixture_fiber(code, &outcome));
    fixture_run();
    cr_assert(outcome.ended);
    return outcome.text;
}
