/*
 * Who runs when.
 *
 * A turn begins in the loop: an event that a fiber waited for, or its place in the ready queue. It
 * lasts until the fiber waits, ends or is preempted; a fiber that it created with
 * fiber_run_first runs within the same turn, and then the creator goes on.
 *
 * The queue is served by a task of the loop: those who were ready when it begins, within a budget
 * of time, and then the loop looks for events again.
 */
#include "fiber/fiber_private.h"

#include <lauxlib.h>

/* How long the queue may be served before events have their turn. */
#define SCHEDULE_BUDGET    (2 * LOOP_SECOND / 1000)

/* How many calls in a row may succeed without a wait before others have their turn, and as how many
 * one counts that has entered the kernel. */
#define SCHEDULE_IMMEDIATE 128
#define SCHEDULE_KERNEL    4

/* It has used up its time: it ends where it stands. */
static void schedule_stop(struct vm *vm, struct fiber *fiber)
{
    preempt_leave_reason(vm, fiber);
    fiber_end(fiber, LUA_ERRRUN);
}

static void schedule_resume(struct vm *vm, struct fiber *fiber)
{
    fiber->state = FIBER_RUNNING;
    fiber->switches++;
    vm->runs++;
    vm->current = fiber;
    int status = lua_resume(fiber->L, fiber->results);
    vm->current = NULL;
    preempt_settle(vm);
    if (__builtin_expect(vm->turn_start != 0, 0))
        preempt_charge(vm, fiber);
    if (vm->paused != NULL)
        vm->paused(vm);
    if (status != LUA_YIELD)
        fiber_end(fiber, status);
    else if (fiber->state == FIBER_RUNNING && fiber->exhausted)
        schedule_stop(vm, fiber);
    else if (fiber->state == FIBER_RUNNING) /* preempted, or the script yielded by itself */
        schedule_ready(vm, fiber, 0);
}

/* Those who made a fiber that ran first go on, within the slice of the turn. */
static void schedule_nested(struct vm *vm)
{
    for (struct list *link; (link = list_shift(&vm->nested)) != NULL;) {
        struct fiber *fiber = CONTAINER_OF(link, struct fiber, link);
        if (preempt_turn_is_over(vm)) {
            schedule_ready(vm, fiber, fiber->results);
            continue;
        }
        memory_relieve(vm);
        preempt_arm_nested(vm, fiber);
        schedule_resume(vm, fiber);
    }
}

void schedule_turn(struct vm *vm, struct fiber *fiber)
{
    CHECK(vm->current == NULL && list_empty(&vm->nested));
    vm->turn++;
    vm->turn_start = 0;
    if (fiber->burned > 0)
        preempt_note_start(vm);
    memory_relieve(vm);
    preempt_arm(vm, fiber);
    schedule_resume(vm, fiber);
    if (__builtin_expect(!list_empty(&vm->nested), 0))
        schedule_nested(vm);
    memory_look(vm);
}

/* From the loop. When its round has lasted long already, the turn is in the next one. */
static void schedule_turn_soon(struct vm *vm, struct fiber *fiber, int results)
{
    if (__builtin_expect(vm->late, 0)) {
        schedule_ready(vm, fiber, results);
        return;
    }
    fiber->results = results;
    schedule_turn(vm, fiber);
}

void schedule_ready(struct vm *vm, struct fiber *fiber, int results)
{
    fiber->state = FIBER_READY;
    fiber->results = results;
    list_append(&vm->ready, &fiber->link);
    loop_defer(vm->loop, &vm->task);
}

static void schedule_run(struct loop_task *task)
{
    struct vm *vm = CONTAINER_OF(task, struct vm, task);
    uint64_t end = loop_now() + SCHEDULE_BUDGET;
    vm->late = false;
    struct list batch;
    list_init(&batch);
    list_splice(&batch, &vm->ready);
    for (unsigned turns = 1; !list_empty(&batch); turns++) {
        schedule_turn(vm, CONTAINER_OF(list_shift(&batch), struct fiber, link));
        /* Most turns are so short that the clock need not be asked; one that met a tick was not. */
        if ((turns % 8 == 0 || vm->turn_start != 0 || vm->late) && loop_now() > end)
            break;
    }
    list_splice(&batch, &vm->ready); /* the older ones first */
    list_splice(&vm->ready, &batch);
    if (!list_empty(&vm->ready))
        loop_defer(vm->loop, &vm->task);
}

void schedule_init(struct vm *vm)
{
    list_init(&vm->ready);
    list_init(&vm->nested);
    loop_task_init(&vm->task, schedule_run);
}

void schedule_deinit(struct vm *vm)
{
    loop_defer_cancel(vm->loop, &vm->task);
}

/* ---- starting ---- */

void fiber_start(struct fiber *fiber)
{
    CHECK(fiber->state == FIBER_NEW);
    schedule_turn_soon(fiber_vm(fiber), fiber, fiber->results);
}

void fiber_schedule(struct fiber *fiber)
{
    CHECK(fiber->state == FIBER_NEW);
    schedule_ready(fiber_vm(fiber), fiber, fiber->results);
}

int fiber_run_first(lua_State *L, struct fiber *fiber, int results)
{
    struct vm *vm = vm_of(L);
    struct fiber *creator = vm->current;
    if (creator == NULL || creator->L != L || !lua_isyieldable(L)) {
        fiber_schedule(fiber);
        return results;
    }
    creator->state = FIBER_READY;
    creator->results = results;
    list_prepend(&vm->nested, &creator->link);
    list_prepend(&vm->nested, &fiber->link);
    return lua_yield(L, results);
}

/* ---- waiting ---- */

struct fiber *fiber_that_may_wait(lua_State *L)
{
    struct fiber *fiber = vm_of(L)->current;
    bool may = fiber != NULL && fiber->state == FIBER_RUNNING && lua_isyieldable(L);
    return may ? fiber : NULL;
}

bool fiber_may_wait(lua_State *L)
{
    return fiber_that_may_wait(L) != NULL;
}

/*
 * A coroutine of the script's own hands the yield on to the fiber: lua/coroutine.lua knows it by
 * this first value. What else is on the stack travels with it, and thus stays alive.
 */
static int schedule_yield(lua_State *L, const struct fiber *fiber)
{
    if (L != fiber->L) {
        lua_pushlightuserdata(L, vm_of(L));
        lua_insert(L, 1);
    }
    return lua_yield(L, lua_gettop(L));
}

int fiber_wait(lua_State *L, struct fiber *fiber, fiber_interrupt_fn *interrupt)
{
    CHECK(fiber->state == FIBER_RUNNING);
    fiber->state = FIBER_WAITING;
    fiber->interrupt = interrupt;
    fiber->immediate = 0;
    return schedule_yield(L, fiber);
}

/* It has waited, or as good as that. */
static void schedule_forgive(struct fiber *fiber)
{
    fiber->burned = 0;
    fiber->warned = false;
}

static void schedule_end_wait(struct vm *vm, struct fiber *fiber, int results)
{
    schedule_forgive(fiber);
    if (results > 0)
        vm_move(vm, vm->L, fiber->L, results);
}

static void schedule_wake(struct vm *vm, struct fiber *fiber, int results)
{
    schedule_end_wait(vm, fiber, results);
    schedule_turn_soon(vm, fiber, results);
}

static void schedule_wake_later(struct vm *vm, struct fiber *fiber, int results)
{
    schedule_end_wait(vm, fiber, results);
    schedule_ready(vm, fiber, results);
}

void fiber_wake(struct fiber *fiber, int results)
{
    MAGIC_CHECK(fiber, FIBER_MAGIC);
    CHECK(fiber->state == FIBER_WAITING);
    schedule_wake(fiber_vm(fiber), fiber, results);
}

void fiber_wake_later(struct fiber *fiber, int results)
{
    MAGIC_CHECK(fiber, FIBER_MAGIC);
    CHECK(fiber->state == FIBER_WAITING);
    schedule_wake_later(fiber_vm(fiber), fiber, results);
}

/* ---- waiting in a queue ---- */

static void schedule_leave_queue(struct vm *vm, struct fiber *fiber)
{
    MAGIC_CHECK(fiber, FIBER_MAGIC);
    CHECK(fiber->state == FIBER_QUEUED);
    list_unlink(&fiber->link);
    loop_timer_stop(vm->loop, &fiber->timer);
}

static void schedule_wake_queued(struct fiber *fiber, bool woken)
{
    struct vm *vm = fiber_vm(fiber);
    schedule_leave_queue(vm, fiber);
    lua_pushboolean(vm->L, woken);
    schedule_wake_later(vm, fiber, 1);
}

static void schedule_on_timer(struct loop_timer *timer)
{
    struct fiber *fiber = CONTAINER_OF(timer, struct fiber, timer);
    struct vm *vm = fiber_vm(fiber);
    schedule_leave_queue(vm, fiber);
    lua_pushboolean(vm->L, false);
    schedule_wake(vm, fiber, 1);
}

int fiber_wait_in(lua_State *L, struct list *queue, uint64_t deadline)
{
    struct vm *vm = vm_of(L);
    struct fiber *fiber = vm->current;
    CHECK(fiber->state == FIBER_RUNNING);
    fiber->timer = (struct loop_timer){0};
    if (loop_timer_start(vm->loop, &fiber->timer, deadline, schedule_on_timer) < 0)
        vm_throw_memory(L);
    fiber->state = FIBER_QUEUED;
    fiber->immediate = 0;
    list_init(&fiber->link);
    if (queue != NULL)
        list_append(queue, &fiber->link);
    return schedule_yield(L, fiber);
}

void schedule_interrupt(struct fiber *fiber, enum fiber_interrupt why)
{
    if (fiber->state == FIBER_WAITING)
        fiber->interrupt(fiber, why);
    else if (fiber->state == FIBER_QUEUED && why == FIBER_ABANDON)
        schedule_leave_queue(fiber_vm(fiber), fiber);
    else if (fiber->state == FIBER_QUEUED)
        schedule_wake_queued(fiber, false);
}

bool fiber_wake_first(struct list *queue)
{
    struct list *link = list_first(queue);
    if (link != NULL)
        schedule_wake_queued(CONTAINER_OF(link, struct fiber, link), true);
    return link != NULL;
}

void fiber_wake_all(struct list *queue)
{
    struct list woken = LIST_INIT(woken);
    list_splice(&woken, queue);
    while (fiber_wake_first(&woken))
        ;
}

int fiber_stay(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct fiber *fiber = vm->current;
    int results = -1;
    preempt_stay(vm, L);
    if (fiber == NULL || fiber->state == FIBER_RUNNING)
        return 0;
    if (fiber->state == FIBER_READY) {
        results = fiber->results;
        list_unlink(&fiber->link);
    } else {
        schedule_interrupt(fiber, FIBER_ABANDON);
    }
    fiber->state = FIBER_RUNNING;
    return results;
}

/* ---- making room ---- */

int fiber_yield(lua_State *L)
{
    struct vm *vm = vm_of(L);
    struct fiber *fiber = vm->current;
    schedule_forgive(fiber);
    fiber->immediate = 0;
    schedule_ready(vm, fiber, 0);
    return schedule_yield(L, fiber);
}

/* Whether a call has brought or taken anything, by its first result: bytes, their number, a socket.
 * At the end of a stream calls return nil or nothing at once and for ever, and a question whether
 * one may write is no work. */
static bool schedule_was_worth_it(lua_State *L, const struct fiber *fiber, int results)
{
    int first = lua_gettop(L) - results + 1;
    if (results == 0 || fiber->error != 0)
        return false;
    switch (lua_type(L, first)) {
    case LUA_TNUMBER:
        return lua_tonumber(L, first) > 0;
    case LUA_TSTRING:
        return lua_objlen(L, first) > 0;
    default:
        return lua_istable(L, first) || lua_isuserdata(L, first);
    }
}

/* Busy is not runaway: whose calls succeed at once, since there is always something to do, has not
 * burned its time for nothing. */
COLD static int schedule_make_room(lua_State *L, struct fiber *fiber, int results)
{
    fiber->immediate = 0;
    if (!fiber->cancelled && schedule_was_worth_it(L, fiber, results))
        schedule_forgive(fiber);
    if (!lua_isyieldable(L))
        return results;
    schedule_ready(vm_of(L), fiber, results);
    return schedule_yield(L, fiber);
}

static inline int schedule_go_on(lua_State *L, struct fiber *fiber, int results, unsigned weight)
{
    fiber->immediate = (uint8_t)(fiber->immediate + weight);
    if (__builtin_expect(fiber->immediate < SCHEDULE_IMMEDIATE, 1))
        return results;
    return schedule_make_room(L, fiber, results);
}

int fiber_did_not_wait(lua_State *L, struct fiber *fiber, int results)
{
    return schedule_go_on(L, fiber, results, SCHEDULE_KERNEL);
}

int fiber_hardly_worked(lua_State *L, struct fiber *fiber, int results)
{
    return schedule_go_on(L, fiber, results, 1);
}
