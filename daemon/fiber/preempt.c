/*
 * What keeps one fiber from taking all the time: a count hook that looks at the clock.
 *
 * A fiber whose slice is used up yields from within the hook and goes on when its turn comes. One
 * that has run for seconds without waiting is stopped by an error, which is thrown again at every
 * instruction that follows, since pcall may catch it. Hooks do not run in code compiled by the JIT,
 * in C, in finalizers, and in the error handler of an xpcall that a hook's own error enters: a loop
 * that never ends there cannot be stopped.
 *
 * Where memory was refused the hook collects the garbage that a script which caught the error has
 * left.
 */
#include "fiber/fiber_private.h"

#include <lauxlib.h>

/* Instructions between two looks at the clock: some 50 microseconds. */
#define PREEMPT_COUNT 10000

/* How long a fiber may run before others have their turn. */
#define PREEMPT_SLICE (LOOP_SECOND / 1000)

static void preempt_hook(lua_State *L, lua_Debug *record);

static void preempt_set(struct vm *vm, bool at_once)
{
    vm->armed = at_once;
    if (at_once || !vm->jit)
        lua_sethook(vm->L, preempt_hook, LUA_MASKCOUNT, at_once ? 1 : PREEMPT_COUNT);
    else
        lua_sethook(vm->L, NULL, 0, 0);
}

void preempt_at_once(struct vm *vm)
{
    if (vm->L != NULL && !vm->armed)
        preempt_set(vm, true);
}

void preempt_init(struct vm *vm)
{
    lua_newtable(vm->L);
    lua_pushboolean(vm->L, false);
    lua_rawseti(vm->L, -2, 1);
    vm->preempted = luaL_ref(vm->L, LUA_REGISTRYINDEX);
    preempt_set(vm, false);
}

void preempt_arm(struct vm *vm, const struct fiber *fiber)
{
    if (__builtin_expect(fiber->exhausted != vm->armed, 0))
        preempt_set(vm, fiber->exhausted);
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
    if (vm->armed)
        preempt_set(vm, false);
    uint64_t now = loop_now();
    if (vm->turn_start == 0)
        vm->turn_start = now;
    uint64_t ran = now - vm->turn_start;
    if (fiber->burned + ran > vm->cpu_limit) {
        fiber->exhausted = true;
        preempt_set(vm, true);
        preempt_throw(L);
    }
    if (ran < PREEMPT_SLICE || !lua_isyieldable(L))
        return;
    fiber->burned += ran;
    preempt_yield(vm, fiber, L);
}
