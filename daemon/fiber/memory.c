/*
 * The memory of the machine, and when garbage is collected.
 *
 * The limit is kept by the state's allocator, which counts. It refuses nothing before the machine
 * is complete, since LuaJIT does not survive a refusal while it makes a state. What is small comes
 * from slabs: a coroutine, its stack and the object of its connection are of odd sizes, and there
 * are as many as connections.
 *
 * LuaJIT collects as memory grows, and never because it was refused, or because there is nothing
 * else to do. We see to both.
 */
#include "fiber/fiber_private.h"

#include "util/slab.h"

#include <string.h>

/*
 * How far memory grows before the collector begins anew, in percent of what was alive; LuaJIT's own
 * figure is 200. Each of its rounds looks at every coroutine and its stack. With a thousand
 * connections that sent 16 KiB a time, that was a tenth of all the work.
 */
#define MEMORY_PAUSE 400

/* A machine that has not run for so long rests. What it holds then is looked through in pieces of
 * so much time, with pauses for others. */
#define MEMORY_REST  LOOP_SECOND
#define MEMORY_PIECE (LOOP_SECOND / 2000)
#define MEMORY_GAP   (LOOP_SECOND / 200)

/* Garbage that is worth a round: at least so much, and an eighth of what was alive. */
#define MEMORY_WORTH ((size_t)128 << 10)

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

static void *memory_resize(struct vm *vm, void *block, size_t had, size_t size)
{
    if (!memory_is_small(had) && !memory_is_small(size))
        return realloc(block, size);
    void *result = memory_take(vm, size);
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
        result = had > 0 ? memory_resize(vm, block, had, size) : memory_take(vm, size);
    if (result != NULL || size == 0)
        vm->used += size - had;
    return result;
}

/* ---- the state's allocator ---- */

void memory_starve(struct vm *vm)
{
    vm->starved = true;
    preempt_at_once(vm);
}

void *memory_allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct vm *vm = context;
    size_t had = block != NULL ? old_size : 0;
    if (new_size > had && vm->used + (new_size - had) > vm->limit) {
        memory_starve(vm);
        return NULL;
    }
    return memory_change(vm, block, had, new_size);
}

void *memory_allocate_last(void *context, void *block, size_t old_size, size_t new_size)
{
    return memory_change(context, block, block != NULL ? old_size : 0, new_size);
}

void memory_limit(struct vm *vm, size_t limit)
{
    vm->limit = limit;
    vm->tight = limit - limit / 8;
    lua_gc(vm->L, LUA_GCSETPAUSE, MEMORY_PAUSE);
}

/* ---- life ---- */

int memory_init(struct vm *vm)
{
    vm->limit = vm->tight = SIZE_MAX;
    return slabs_new(&vm->slabs);
}

void memory_deinit(struct vm *vm)
{
    loop_timer_stop(vm->loop, &vm->rest);
    slabs_free(vm->slabs);
}

/* ---- collecting because memory is short ---- */

static int memory_collect(lua_State *L)
{
    lua_gc(L, LUA_GCCOLLECT, 0);
    return 0;
}

/* Near the limit it is done at most a tenth of the time. */
void memory_collect_some(struct vm *vm)
{
    uint64_t begun = loop_now();
    if (!vm->starved && begun < vm->next_relief)
        return;
    vm->starved = false;
    vm->next_relief = UINT64_MAX; /* not from within */
    vm_protect(vm, memory_collect, NULL, NULL);
    uint64_t now = loop_now();
    vm->next_relief = now + 10 * (now - begun);
}

/* ---- collecting because there is time ---- */

/* Returns true at the end of a round of the collector. */
static int memory_collect_piece(lua_State *L)
{
    uint64_t end = loop_now() + MEMORY_PIECE;
    int over = 0;
    while (!over && loop_now() < end)
        over = lua_gc(L, LUA_GCSTEP, 0);
    lua_pushboolean(L, over);
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

static void memory_note_rest(struct vm *vm)
{
    size_t garbage = vm->used / 8;
    vm->restless = vm->used + (garbage > MEMORY_WORTH ? garbage : MEMORY_WORTH);
}

static void memory_on_rest(struct loop_timer *timer)
{
    struct vm *vm = CONTAINER_OF(timer, struct vm, rest);
    if (vm->turn != vm->rest_turn) {
        memory_wait_for_rest(vm);
        return;
    }
    /* The round under way may have begun before the garbage was one. */
    if (memory_go_on(vm) && ++vm->rounds == 2)
        memory_note_rest(vm);
    else
        loop_timer_start(vm->loop, &vm->rest, loop_now() + MEMORY_GAP, memory_on_rest);
}

/* Without memory for the timer the collector is on its own. */
void memory_wait_for_rest(struct vm *vm)
{
    vm->rest_turn = vm->turn;
    vm->rounds = 0;
    loop_timer_start(vm->loop, &vm->rest, loop_lately(vm->loop) + MEMORY_REST, memory_on_rest);
}
