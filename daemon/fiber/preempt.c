/*
 * What keeps one fiber from taking all the time: a clock, and a hook that it sets.
 *
 * A fiber whose slice is used up yields from within the hook and goes on when its turn comes. One
 * that has run for seconds without waiting is ended where it stands, so that neither pcall nor the
 * handler of an xpcall has a say. Within a C function that called back it cannot yield: after a
 * short grace the hook throws an error, again at every instruction that follows, until the C
 * function is left; who catches that, and goes on without a wait, has a shorter one from then on. A
 * cancelled fiber that computes gets the error of its cancellation so, once, unless a wait has
 * thrown it already, and is ended when it has not come to an end within the same grace. Hooks do
 * not run in code compiled by the JIT, in C, and in finalizers.
 *
 * A hook makes every instruction of Lua slower by a third. So it is set only for fibers that have
 * used up a slice before, and by a timer on the thread's CPU time, which ticks every few
 * milliseconds of work (the kernel looks at such timers at its own ticks) and never in a process at
 * rest. A tick that finds a fiber running which has run without a pause since an earlier one says
 * that its slice is over: the hook runs before the next instruction, however long the C functions
 * are that the script calls.
 * Where there are no timers the hook is always set, and counts instructions.
 *
 * Of a fiber that burns time each turn is measured. Who does so a tick tells: the fiber that it
 * finds running has burned the time since the one before.
 *
 * A fiber that took more memory than there is meets the hook at once, which has garbage collected,
 * and throws if that does not help (memory.c).
 */
#include "fiber/fiber_private.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* Instructions between two looks at the clock: some 50 microseconds. */
#define PREEMPT_COUNT       10000

/* How long a fiber may run before others have their turn. */
#define PREEMPT_SLICE       (LOOP_SECOND / 1000)

/* How many creators of creators are charged for what a fiber burns. */
#define PREEMPT_GENERATIONS 32

/* The part of the grace within C that is left to a fiber which has exceeded it without a wait. */
#define PREEMPT_WARNED      16

#define PREEMPT_TOO_LONG    "the fiber ran too long without waiting"
#define PREEMPT_IN_C        PREEMPT_TOO_LONG ", within a C function"

static void preempt_hook(lua_State *L, lua_Debug *record);

static void preempt_set(struct vm *vm, enum preempt_mode mode)
{
    if (vm->debugged)
        return;
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

void vm_set_debugged(struct vm *vm, bool on)
{
    vm->debugged = on;
    preempt_set(vm, PREEMPT_OFF);
}

void preempt_at_once(struct vm *vm)
{
    if (vm->L != NULL && vm->mode != PREEMPT_AT_ONCE)
        preempt_set(vm, PREEMPT_AT_ONCE);
}

/* ---- the clock ---- */

/* Nanoseconds of CPU time of this thread. */
static uint64_t preempt_cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * LOOP_SECOND + (uint64_t)now.tv_nsec;
}

/* What the tick finds running has burned the time since the last one, and the turn's slice begins
 * now unless it is known to have begun earlier. */
static void preempt_find_burner(struct vm *vm, struct fiber *fiber, uint64_t now, uint64_t cpu)
{
    fiber->burned += cpu - vm->tick_cpu;
    vm->turn_cpu = cpu;
    vm->turn_start = now;
}

/* A signal handler; lua_sethook may be called in one. */
static void preempt_on_tick(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    if (info->si_code != SI_TIMER)
        return;
    struct vm *vm = info->si_value.sival_ptr;
    struct fiber *fiber = vm->current;
    uint64_t now = loop_now(), cpu = preempt_cpu();
    uint64_t round = loop_lately(vm->loop);
    if (round == vm->ticked_round)
        vm->late = true;
    vm->ticked_round = round;
    if (fiber != NULL && vm->turn_start == 0)
        preempt_find_burner(vm, fiber, now, cpu);
    if (vm->ticked_run == vm->runs)
        vm->over = vm->runs;
    vm->ticked_run = vm->runs;
    vm->tick_cpu = cpu;
    if (fiber != NULL && vm->over == vm->runs && vm->mode != PREEMPT_AT_ONCE && !vm->changing_mode)
        preempt_set(vm, PREEMPT_AT_ONCE);
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

/* Of a fiber that has burned time, in fact all of what it may, or is to hear of its cancellation
 * before it goes on to do so. */
static enum preempt_mode preempt_mode_of_burner(struct vm *vm, const struct fiber *fiber)
{
    vm->throw_cancel = fiber->cancelled && !fiber->informed;
    return vm->throw_cancel || fiber->burned > vm->cpu_limit ? PREEMPT_AT_ONCE : PREEMPT_COUNTING;
}

void preempt_arm(struct vm *vm, const struct fiber *fiber)
{
    enum preempt_mode mode = PREEMPT_OFF;
    if (__builtin_expect(fiber->burned > 0, 0))
        mode = preempt_mode_of_burner(vm, fiber);
    if (__builtin_expect(fiber->overdrawn, 0))
        mode = PREEMPT_AT_ONCE;
    if (__builtin_expect(vm->mode != mode, 0))
        preempt_set(vm, mode);
}

void preempt_arm_nested(struct vm *vm, const struct fiber *fiber)
{
    if (fiber->burned > 0 && preempt_mode_of_burner(vm, fiber) == PREEMPT_AT_ONCE)
        preempt_at_once(vm);
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

void preempt_stay(struct vm *vm, lua_State *L)
{
    vm->unwinding = false;
    preempt_flag(vm, L, false);
}

void preempt_settle(struct vm *vm)
{
    if (__builtin_expect(!vm->unwinding, 1))
        return;
    vm->unwinding = false;
    preempt_flag(vm, vm->L, false);
}

/* ---- what has been burned ---- */

void preempt_note_start(struct vm *vm)
{
    vm->turn_start = loop_now();
    vm->turn_cpu = preempt_cpu();
}

static struct fiber *preempt_creator(struct vm *vm, const struct fiber *fiber)
{
    return fiber->younger > 0 ? fiber_find(vm, fiber->id - fiber->younger) : NULL;
}

/* What a fiber has started while it does not wait counts as its own, so that a fork bomb burns the
 * budget of who lit it, and in the end of the first of them all, however many lie in between. */
static void preempt_charge_creators(struct vm *vm, const struct fiber *fiber, uint64_t used)
{
    struct fiber *creator = preempt_creator(vm, fiber);
    for (int i = 0; i < PREEMPT_GENERATIONS && creator != NULL && creator->state == FIBER_READY;
         i++) {
        creator->burned += used;
        creator = preempt_creator(vm, creator);
    }
    struct fiber *root = creator != NULL ? fiber_find(vm, fiber->root) : NULL;
    if (root != NULL && root->state == FIBER_READY && creator->state == FIBER_READY)
        root->burned += used;
}

void preempt_charge(struct vm *vm, struct fiber *fiber)
{
    uint64_t cpu = preempt_cpu(), used = cpu - vm->turn_cpu;
    vm->turn_cpu = cpu;
    if (fiber->burned == 0 && fiber->state != FIBER_RUNNING) /* it has made room by itself */
        return;
    fiber->burned += used + 1; /* it has burned something, whatever the clock says */
    preempt_charge_creators(vm, fiber, used);
}

static uint64_t preempt_budget(const struct vm *vm, const struct fiber *fiber)
{
    return fiber->cancelled && vm->grace < vm->cpu_limit ? vm->grace : vm->cpu_limit;
}

bool preempt_turn_is_over(const struct vm *vm)
{
    return vm->turn_start != 0 && loop_now() - vm->turn_start >= PREEMPT_SLICE;
}

/* ---- the hook ---- */

/* luaL_error names the caller of the running function; in a hook that is one too far out. */
static void preempt_throw(struct vm *vm, lua_State *L, const char *text)
{
    vm->throwing = true;
    luaL_where(L, 0);
    lua_pushstring(L, text);
    lua_concat(L, 2);
    lua_error(L);
}

static void preempt_throw_cancel(struct vm *vm, lua_State *L)
{
    vm->throwing = true;
    lua_pushliteral(L, FIBER_CANCELLED);
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

/* Where it stands, for the message. */
static void preempt_note_place(struct vm *vm, lua_State *L)
{
    lua_Debug record;
    vm->place[0] = '\0';
    if (lua_getstack(L, 0, &record) && lua_getinfo(L, "Sl", &record) && record.currentline > 0)
        snprintf(vm->place, sizeof vm->place, "%s:%d: ", record.short_src, record.currentline);
}

/* The end of one that has burned all it may: schedule.c does the rest, or nobody can. */
static void preempt_end(struct vm *vm, struct fiber *fiber, lua_State *L)
{
    if (!fiber->exhausted)
        preempt_note_place(vm, L);
    fiber->exhausted = true;
    preempt_at_once(vm);
    if (lua_isyieldable(L))
        preempt_yield(vm, fiber, L);
    else if (fiber->cancelled)
        preempt_throw_cancel(vm, L);
    else
        preempt_throw(vm, L, PREEMPT_TOO_LONG);
}

/* In C nobody can yield, and others wait. They do so once for the whole grace. */
static void preempt_in_c(struct vm *vm, struct fiber *fiber, lua_State *L, uint64_t used)
{
    if (used <= (fiber->warned ? vm->grace / PREEMPT_WARNED : vm->grace)) {
        preempt_set(vm, PREEMPT_COUNTING);
        return;
    }
    fiber->warned = true;
    preempt_throw(vm, L, PREEMPT_IN_C);
}

static bool preempt_slice_is_over(const struct vm *vm)
{
    return vm->over == vm->runs || preempt_turn_is_over(vm);
}

/* Garbage is collected in pieces as short as a slice. */
static bool preempt_has_to_pause(struct vm *vm, struct fiber *fiber, lua_State *L)
{
    bool presses = fiber->overdrawn && memory_press(vm, fiber, L) == MEMORY_PRESSING;
    return presses || preempt_slice_is_over(vm);
}

static void preempt_look(struct vm *vm, struct fiber *fiber, lua_State *L)
{
    if (vm->turn_start == 0) /* of a fiber's first turn nobody knows it before the first look */
        preempt_note_start(vm);
    uint64_t used = preempt_cpu() - vm->turn_cpu;
    if (fiber->exhausted || fiber->burned + used > preempt_budget(vm, fiber))
        preempt_end(vm, fiber, L);
    else if (vm->throw_cancel && fiber->cancelled) {
        vm->throw_cancel = false;
        fiber->informed = true;
        preempt_throw_cancel(vm, L);
    } else if (!preempt_has_to_pause(vm, fiber, L))
        preempt_set(vm, PREEMPT_COUNTING);
    else if (lua_isyieldable(L))
        preempt_yield(vm, fiber, L);
    else
        preempt_in_c(vm, fiber, L, used);
}

static void preempt_hook(lua_State *L, lua_Debug *record)
{
    (void)record;
    struct vm *vm = vm_of(L);
    struct fiber *fiber = vm->current;
    if (fiber == NULL || fiber->state != FIBER_RUNNING || vm->unwinding)
        return; /* whoever resumed the coroutine that yielded is about to yield in turn */
    vm->throwing = false;
    preempt_look(vm, fiber, L);
}

bool fiber_hook_throws(lua_State *L)
{
    return vm_of(L)->throwing;
}

/* ---- the end of one that was stopped ---- */

static int preempt_push_reason(lua_State *L)
{
    const struct fiber *fiber = lua_touserdata(L, 1);
    if (fiber->cancelled)
        lua_pushliteral(L, FIBER_CANCELLED);
    else
        lua_pushfstring(L, "%s" PREEMPT_TOO_LONG, vm_of(L)->place);
    return 1;
}

void preempt_leave_reason(struct vm *vm, struct fiber *fiber)
{
    int results;
    if (vm_protect(vm, preempt_push_reason, fiber, &results) < 0)
        lua_pushnil(vm->L);
    vm_move(vm, vm->L, fiber->L, 1);
}
