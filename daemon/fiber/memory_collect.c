/*
 * When garbage is collected.
 *
 * LuaJIT collects as memory grows, and never because there is too little, or because there is
 * nothing else to do. We see to both. Whatever we do at once takes half a millisecond.
 */
#include "fiber/fiber_private.h"

#include <luajit.h>

/* A machine that has not run for so long rests. What it holds then is looked through in pieces of
 * so much time, with pauses for others. */
#define MEMORY_REST      LOOP_SECOND
#define MEMORY_PIECE     (LOOP_SECOND / 2000)
#define MEMORY_GAP       (LOOP_SECOND / 200)

/* The same when memory is short: a fifth of the time at most. */
#define MEMORY_GAP_SHORT (4 * MEMORY_PIECE)

/* Near the limit a round may help little, and the next one has to wait for so many times as long as
 * it took. */
#define MEMORY_PATIENCE  10

/* How long compiled code stays at least when memory is near its limit and nobody has failed. */
#define MEMORY_DROP      LOOP_SECOND

/* The round under way may have begun before the garbage was one. */
#define MEMORY_ROUNDS    2

/* Garbage that is worth a round: at least so much, and an eighth of what was alive. */
#define MEMORY_WORTH     ((size_t)128 << 10)

/* ---- collecting in pieces ---- */

/* Steps until then, or until a round of the collector has ended: true. Each takes microseconds, but
 * for a table, a stack or the end of the marking, which LuaJIT does not divide. */
static bool memory_collect_until(struct vm *vm, lua_State *L, uint64_t end)
{
    do {
        if (lua_gc(L, LUA_GCSTEP, 0)) {
            vm->cycles++;
            memory_lower_line(vm);
            return true;
        }
    } while (loop_now() < end);
    return false;
}

static int memory_collect_piece(lua_State *L)
{
    lua_pushboolean(L, memory_collect_until(vm_of(L), L, loop_now() + MEMORY_PIECE));
    return 1;
}

/* Whether a round has ended, or cannot. */
static bool memory_go_on(struct vm *vm)
{
    int results;
    if (vm_protect(vm, memory_collect_piece, NULL, &results) < 0)
        return true;
    bool over = lua_toboolean(vm->L, -1);
    lua_pop(vm->L, results);
    return over;
}

static void memory_on_rest(struct loop_timer *timer);

/* Without memory for the timer the collector is on its own. */
static void memory_next_piece(struct vm *vm, uint64_t gap)
{
    loop_timer_start(vm->loop, &vm->rest, loop_now() + gap, memory_on_rest);
}

static void memory_note_end(struct vm *vm)
{
    uint64_t now = loop_now();
    size_t garbage = vm->used / 8;
    vm->restless = vm->used + (garbage > MEMORY_WORTH ? garbage : MEMORY_WORTH);
    if (vm->hurry)
        vm->next_relief = now + MEMORY_PATIENCE * (now - vm->hurry_start);
    vm->hurry = false;
}

/*
 * Compiled code holds the tables and the closures that it was made for, as long as there is the
 * script's function: what a connection had collected would stay for ever. It is compiled anew when
 * it is hot again.
 */
static void memory_drop_traces(struct vm *vm)
{
    vm->drops_traces = false;
    vm->next_drop = loop_now() + MEMORY_DROP;
    luaJIT_setmode(vm->L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
}

static void memory_on_rest(struct loop_timer *timer)
{
    struct vm *vm = CONTAINER_OF(timer, struct vm, rest);
    if (!vm->hurry && vm->turn != vm->rest_turn) {
        memory_wait_for_rest(vm);
        return;
    }
    if (vm->hurry && vm->drops_traces)
        memory_drop_traces(vm);
    if (memory_go_on(vm) && ++vm->rounds == MEMORY_ROUNDS)
        memory_note_end(vm);
    else
        memory_next_piece(vm, vm->hurry ? MEMORY_GAP_SHORT : MEMORY_GAP);
}

/* ---- because there is time ---- */

void memory_wait_for_rest(struct vm *vm)
{
    vm->rest_turn = vm->turn;
    vm->rounds = 0;
    loop_timer_start(vm->loop, &vm->rest, loop_lately(vm->loop) + MEMORY_REST, memory_on_rest);
}

/* ---- because memory is short ---- */

static void memory_hurry(struct vm *vm)
{
    vm->hurry = true;
    vm->hurry_start = loop_now();
    vm->rounds = 0;
    vm->drops_traces |= vm->jit && vm->hurry_start >= vm->next_drop;
    loop_timer_stop(vm->loop, &vm->rest);
    memory_next_piece(vm, 0);
}

void memory_starve(struct vm *vm)
{
    vm->drops_traces = vm->jit;
    vm->next_press = 0;
    if (vm->hurry)
        vm->rounds = 0; /* the round under way may not know of it */
    else
        memory_hurry(vm);
}

static int memory_collect_all(lua_State *L)
{
    struct vm *vm = vm_of(L);
    for (unsigned i = 0; i < MEMORY_ROUNDS && vm->used > vm->limit; i++)
        memory_collect_until(vm, L, UINT64_MAX);
    return 0;
}

/* No hook runs in compiled code, so those who ran have not collected. Where it does not help it has
 * at most a tenth of the time. */
static void memory_collect_for_compiled(struct vm *vm)
{
    uint64_t begun = loop_now();
    if (begun < vm->next_press)
        return;
    vm->next_press = UINT64_MAX; /* not from within */
    if (vm->drops_traces || begun >= vm->next_drop)
        memory_drop_traces(vm);
    vm_protect(vm, memory_collect_all, NULL, NULL);
    uint64_t now = loop_now();
    vm->next_press = vm->used > vm->limit ? now + MEMORY_PATIENCE * (now - begun) : now;
}

void memory_collect_some(struct vm *vm)
{
    if (vm->jit && vm->used > vm->limit)
        memory_collect_for_compiled(vm);
    if (!vm->hurry && loop_now() >= vm->next_relief)
        memory_hurry(vm);
}

void vm_throw_memory(lua_State *L)
{
    struct vm *vm = vm_of(L);
    if (vm->current != NULL)
        vm->current->refused = true;
    lua_pushliteral(L, VM_NO_MEMORY); /* LuaJIT keeps the text */
    lua_error(L);
    __builtin_unreachable();
}

/* Rounds until so much is free, or until `end`. True when there is no more to do. */
static bool memory_collect_for(struct vm *vm, lua_State *L, size_t size, uint32_t cycles,
                               uint64_t end)
{
    while (vm->used + size > vm->line && (int32_t)(cycles - vm->cycles) > 0)
        if (!memory_collect_until(vm, L, end))
            return false;
    return true;
}

/* The same where nobody can yield: all at once, but at most a tenth of the time. */
static void memory_collect_at_once(struct vm *vm, lua_State *L, size_t size)
{
    uint64_t begun = loop_now();
    if (begun < vm->next_press)
        return;
    memory_collect_for(vm, L, size, vm->cycles + MEMORY_ROUNDS, UINT64_MAX);
    uint64_t now = loop_now();
    vm->next_press = now + MEMORY_PATIENCE * (now - begun);
}

void vm_ask_for(lua_State *L, size_t size)
{
    struct vm *vm = vm_of(L);
    if (vm->used + size > vm->line)
        memory_collect_at_once(vm, L, size);
    if (vm->used + size > vm->line)
        vm_throw_memory(L);
}

/* In a coroutine of the script's own the error is to be thrown there, whatever runs meanwhile. */
static bool memory_begin_press(struct vm *vm, struct fiber *fiber, lua_State *L)
{
    struct fiber_rare *rare = L != fiber->L ? fiber_make_rare(fiber) : fiber->rare;
    if (!lua_isyieldable(L) || (rare == NULL && L != fiber->L))
        return false;
    if (rare != NULL)
        rare->pressing = L;
    fiber->pressing = true;
    fiber->cycles = vm->cycles + MEMORY_ROUNDS;
    return true;
}

enum memory_press memory_press(struct vm *vm, struct fiber *fiber, lua_State *L)
{
    if (!fiber->pressing && !memory_begin_press(vm, fiber, L))
        memory_collect_at_once(vm, L, 0);
    else if (fiber->rare != NULL && fiber->rare->pressing != L)
        return MEMORY_PRESSED;
    else if (!memory_collect_for(vm, L, 0, fiber->cycles, loop_now() + MEMORY_PIECE))
        return MEMORY_PRESSING;
    fiber->overdrawn = fiber->pressing = false;
    if (vm->used > vm->line) {
        memory_raise_line(vm);
        vm->throwing = true;
        vm_throw_memory(L);
    }
    return MEMORY_PRESSED;
}
