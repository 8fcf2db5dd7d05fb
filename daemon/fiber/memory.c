/*
 * The memory of the machine, and when garbage is collected.
 *
 * The limit is kept by the state's allocator, which counts. LuaJIT is not made for an allocator
 * that refuses: a coroutine that met a refusal must not be collected while somebody knows it, a
 * closure that was being made is given back with a wrong size, and a machine that is being made
 * does not survive it. So the allocator gives what is beyond the limit too, and marks the fiber
 * that runs as overdrawn: before its next instruction the hook (preempt.c) has a round of the
 * collector made, in pieces between which others run, and throws if that did not help. Only what
 * goes far beyond the limit is refused: one request for very much, or many where no hook runs, as
 * in a finalizer.
 *
 * What is small comes from slabs: a coroutine, its stack and the object of its connection are of
 * odd sizes, and there are as many as connections.
 *
 * LuaJIT collects as memory grows, and never because there is too little, or because there is
 * nothing else to do. We see to both. Whatever we do at once takes half a millisecond.
 */
#include "fiber/fiber_private.h"

#include "util/slab.h"

#include <luajit.h>
#include <string.h>

/*
 * How far memory grows before the collector begins anew, in percent of what was alive; LuaJIT's own
 * figure is 200. Each of its rounds looks at every coroutine and its stack. With a thousand
 * connections that sent 16 KiB a time, that was a tenth of all the work.
 */
#define MEMORY_PAUSE     400

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

/* How far beyond the limit: an eighth of it, at least so much. */
#define MEMORY_OVERDRAFT ((size_t)16 << 20)

/* The round under way may have begun before the garbage was one. */
#define MEMORY_ROUNDS    2

/* Garbage that is worth a round: at least so much, and an eighth of what was alive. */
#define MEMORY_WORTH     ((size_t)128 << 10)

/* ---- blocks ---- */

static bool memory_is_small(size_t size)
{
    return size - 1 < SLAB_BLOCK_MAX;
}

void *memory_take(struct vm *vm, size_t size)
{
    return memory_is_small(size) ? slabs_take(vm->slabs, size) : malloc(size);
}

void memory_give(struct vm *vm, void *block, size_t size)
{
    if (memory_is_small(size))
        slabs_give(vm->slabs, block, size);
    else
        free(block);
}

/* What is small comes from a reserve when the kernel has no more. */
COLD static void *memory_take_last(struct vm *vm, size_t size)
{
    memory_overdrawn(vm);
    return memory_is_small(size) ? slabs_take_last(vm->slabs, size) : NULL;
}

static void *memory_take_counted(struct vm *vm, size_t size)
{
    void *block = memory_take(vm, size);
    return __builtin_expect(block != NULL, 1) ? block : memory_take_last(vm, size);
}

/* To make something smaller cannot fail, since the collector does that. */
static void *memory_resize_large(struct vm *vm, void *block, size_t had, size_t size)
{
    void *result = realloc(block, size);
    if (result != NULL)
        return result;
    memory_overdrawn(vm);
    return size < had ? block : NULL;
}

static void *memory_resize(struct vm *vm, void *block, size_t had, size_t size)
{
    if (!memory_is_small(had) && !memory_is_small(size))
        return memory_resize_large(vm, block, had, size);
    void *result = memory_take_counted(vm, size);
    if (result == NULL)
        return NULL;
    memcpy(result, block, had < size ? had : size);
    memory_give(vm, block, had);
    return result;
}

/* `had` and `size` are 0 for no block. */
static void *memory_change(struct vm *vm, void *block, size_t had, size_t size)
{
    void *result = NULL;
    if (size == 0 && had > 0)
        memory_give(vm, block, had);
    else if (size > 0)
        result = had > 0 ? memory_resize(vm, block, had, size) : memory_take_counted(vm, size);
    if (result != NULL || size == 0)
        vm->used += size - had;
    return result;
}

/* ---- the state's allocator ---- */

void memory_overdrawn(struct vm *vm)
{
    if (vm->current == NULL)
        return;
    vm->current->overdrawn = true;
    preempt_at_once(vm);
}

/*
 * The overdraft less so many sixteenths of it. Those who are refused again and again, or take
 * memory in code that no hook reaches, leave a part of it: what they have may be there to stay, and
 * whoever comes next needs a little.
 */
static size_t memory_short_of_last(const struct vm *vm, size_t sixteenths)
{
    return vm->last - (vm->last - vm->limit) / 16 * sixteenths;
}

static bool memory_was_refused(const struct vm *vm)
{
    return vm->current != NULL && vm->current->refused;
}

/* Whoever was refused something gets a little more, to do what it takes to get along with less. */
static void memory_raise_line(struct vm *vm)
{
    size_t highest = memory_short_of_last(vm, memory_was_refused(vm) ? 2 : 1);
    size_t line = vm->used + (vm->last - vm->limit) / 16;
    if (line > vm->line)
        vm->line = line < highest ? line : highest;
}

/* What the allocator gives. */
static size_t memory_last(const struct vm *vm)
{
    if (vm->current == NULL)
        return vm->last;
    size_t last = memory_short_of_last(vm, memory_was_refused(vm) ? 2 : 4);
    size_t most = vm->line + (vm->last - vm->limit) / 2;
    return most < last ? most : last;
}

/* What was too much is so no more, or less so. */
static void memory_lower_line(struct vm *vm)
{
    size_t line = vm->used + (vm->last - vm->limit) / 16;
    if (vm->used <= vm->limit)
        vm->line = vm->limit;
    else if (line < vm->line)
        vm->line = line;
}

/* Whether there is so much more nevertheless. */
COLD static bool memory_overdraw(struct vm *vm, size_t more)
{
    vm->used -= slabs_astray(vm->slabs);
    size_t wanted = vm->used + more;
    if (wanted <= vm->line)
        return true;
    memory_overdrawn(vm);
    if (wanted <= memory_last(vm))
        return true;
    memory_raise_line(vm);
    if (vm->current != NULL) { /* LuaJIT throws */
        vm->current->overdrawn = vm->current->pressing = false;
        vm->current->refused = true;
    }
    return false;
}

void *memory_allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct vm *vm = context;
    size_t had = block != NULL ? old_size : 0;
    if (__builtin_expect(new_size > had && vm->used + (new_size - had) > vm->line, 0) &&
        !memory_overdraw(vm, new_size - had))
        return NULL;
    return memory_change(vm, block, had, new_size);
}

void *memory_allocate_last(void *context, void *block, size_t old_size, size_t new_size)
{
    return memory_change(context, block, block != NULL ? old_size : 0, new_size);
}

void memory_limit(struct vm *vm, size_t limit)
{
    size_t overdraft = limit / 8 > MEMORY_OVERDRAFT ? limit / 8 : MEMORY_OVERDRAFT;
    vm->limit = vm->line = limit;
    vm->tight = limit - limit / 8;
    vm->last = limit < SIZE_MAX - overdraft ? limit + overdraft : SIZE_MAX;
    lua_gc(vm->L, LUA_GCSETPAUSE, MEMORY_PAUSE);
}

/* ---- life ---- */

int memory_init(struct vm *vm)
{
    vm->limit = vm->line = vm->tight = vm->last = SIZE_MAX;
    return slabs_new(&vm->slabs);
}

void memory_deinit(struct vm *vm)
{
    loop_timer_stop(vm->loop, &vm->rest);
    slabs_free(vm->slabs);
}

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
