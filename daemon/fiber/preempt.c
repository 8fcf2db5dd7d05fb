/*
 * What keeps one fiber from taking all the time: a count hook that looks at the clock.
 *
 * A fiber whose slice is used up yields from within the hook and goes on when its turn comes. One
 * that has run for seconds without waiting is stopped by an error, which is thrown again at every
 * instruction that follows, since pcall may catch it. Hooks do not run in code compiled by the JIT,
 * in C, in finalizers, and in the error handler of an xpcall that a hook's own error enters: a loop
 * that never ends there cannot be stopped.
 *
 * A hook makes every instruction of Lua slower by a third. So it is set only for fibers that have
 * used up a slice before, and by a timer on the thread's CPU time, which ticks every few
 * milliseconds of work (the kernel looks at such timers at its own ticks) and never in a process at
 * rest: a tick that finds the same turn under way as the one before it sets the hook. Where there
 * are no timers the hook is always set.
 *
 * Where memory was refused the hook collects the garbage that a script which caught the error has
 * left.
 */
#include "fiber/fiber_private.h"

#include <lauxlib.h>
#include <signal.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Instructions between two looks at the clock: some 50 microseconds. */
#define PREEMPT_COUNT 10000

/* How long a fiber may run before others have their turn. */
#define PREEMPT_SLICE (LOOP_SECOND / 1000)

static void preempt_hook(lua_State *L, lua_Debug *record);

static void preempt_set(struct vm *vm, enum preempt_mode mode)
{
    if (mode == PREEMPT_COUNTING && vm->jit)
        mode = PREEMPT_OFF;
    if (mode == PREEMPT_OFF && !vm->jit && !vm->ticking)
        mode = PREEMPT_COUNTING;
    vm->changing_mode = true; /* the tick keeps out of it */
    vm->mode = mode;
    if (mode == PREEMPT_OFF)
        lua_sethook(vm->L, NULL, 0, 0);
    else
        lua_sethook(vm->L, preempt_hook, LUA_MASKCOUNT,
                    mode == PREEMPT_AT_ONCE ? 1 : PREEMPT_COUNT);
    vm->changing_mode = false;
}

void preempt_at_once(struct vm *vm)
{
    if (vm->L != NULL && vm->mode != PREEMPT_AT_ONCE)
        preempt_set(vm, PREEMPT_AT_ONCE);
}

/* ---- the clock ---- */

/* A signal handler; lua_sethook may be called in one. */
static void preempt_on_tick(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    if (info->si_code != SI_TIMER)
        return;
    struct vm *vm = info->si_value.sival_ptr;
    if (vm->current != NULL && vm->ticked_turn == vm->turn && vm->mode == PREEMPT_OFF &&
        !vm->changing_mode)
        preempt_set(vm, PREEMPT_COUNTING);
    vm->ticked_turn = vm->turn;
}

static void preempt_start_clock(struct vm *vm)
{
    struct sigaction action = {.sa_sigaction = preempt_on_tick,
                               .sa_flags = SA_SIGINFO | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM};
    const struct timespec slice = {.tv_nsec = PREEMPT_SLICE};
    const struct itimerspec interval = {slice, slice};
    sigemptyset(&action.sa_mask);
    event.sigev_value.sival_ptr = vm;
    event.sigev_notify_thread_id = gettid();
    if (sigaction(SIGVTALRM, &action, NULL) < 0 ||
        timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &vm->clock) < 0)
        return;
    vm->ticking = timer_settime(vm->clock, 0, &interval, NULL) == 0;
    if (!vm->ticking)
        timer_delete(vm->clock);
}

void preempt_deinit(struct vm *vm)
{
    if (vm->ticking)
        timer_delete(vm->clock);
    vm->ticking = false;
}

void preempt_init(struct vm *vm)
{
    lua_newtable(vm->L);
    lua_pushboolean(vm->L, false);
    lua_rawseti(vm->L, -2, 1);
    vm->preempted = luaL_ref(vm->L, LUA_REGISTRYINDEX);
    if (!vm->jit)
        preempt_start_clock(vm);
    preempt_set(vm, PREEMPT_OFF);
}

void preempt_arm(struct vm *vm, const struct fiber *fiber)
{
    enum preempt_mode mode = PREEMPT_OFF;
    if (__builtin_expect(fiber->exhausted, 0))
        mode = PREEMPT_AT_ONCE;
    else if (__builtin_expect(fiber->burned > 0, 0))
        mode = PREEMPT_COUNTING;
    if (__builtin_expect(vm->mode != mode && !vm->starved, 0))
        preempt_set(vm, mode);
}

void fiber_push_preempted(lua_State *L)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, vm_of(L)->preempted);
}

static void preempt_flag(struct vm *vm, lua_State *L, bool on)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, vm->preempted);
    lua_pushboolean(L, on);
    lua_rawseti(L, -2, 1);
    lua_pop(L, 1);
}

void preempt_settle(struct vm *vm)
{
    if (__builtin_expect(!vm->unwinding, 1))
        return;
    vm->unwinding = false;
    preempt_flag(vm, vm->L, false);
}

/* luaL_error names the caller of the running function; in a hook that is one too far out. */
static void preempt_throw(lua_State *L)
{
    luaL_where(L, 0);
    lua_pushliteral(L, "the fiber ran too long without waiting");
    lua_concat(L, 2);
    lua_error(L);
}

/* Outside of the fiber's own coroutine the yield goes to whoever resumed that coroutine, which
 * learns from the flag that it has to yield in turn. */
static void preempt_yield(struct vm *vm, struct fiber *fiber, lua_State *L)
{
    if (L != fiber->L) {
        vm->unwinding = true;
        preempt_flag(vm, L, true);
    }
    lua_yield(L, 0);
}

/* Nanoseconds of CPU time of this thread. */
static uint64_t preempt_cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * LOOP_SECOND + (uint64_t)now.tv_nsec;
}

void preempt_note_start(struct vm *vm)
{
    vm->turn_start = loop_now();
    vm->turn_cpu = preempt_cpu();
}

static void preempt_hook(lua_State *L, lua_Debug *record)
{
    (void)record;
    struct vm *vm = vm_of(L);
    struct fiber *fiber = vm->current;
    if (fiber == NULL)
        return;
    if (fiber->exhausted)
        preempt_throw(L);
    if (vm->starved) {
        vm->starved = false;
        lua_gc(L, LUA_GCCOLLECT, 0);
    }
    if (vm->mode == PREEMPT_AT_ONCE)
        preempt_set(vm, PREEMPT_COUNTING);
    if (vm->turn_start == 0) /* of a fiber's first turn nobody knows it before the first hook */
        preempt_note_start(vm);
    uint64_t burned = fiber->burned + (preempt_cpu() - vm->turn_cpu);
    if (burned > vm->cpu_limit) {
        fiber->exhausted = true;
        preempt_set(vm, PREEMPT_AT_ONCE);
        preempt_throw(L);
    }
    if (loop_now() - vm->turn_start < PREEMPT_SLICE || !lua_isyieldable(L))
        return;
    fiber->burned = burned + 1; /* it has burned something, whatever the clock says */
    preempt_yield(vm, fiber, L);
}
