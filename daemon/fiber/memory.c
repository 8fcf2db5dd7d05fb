/*
 * The memory of the machine. When garbage is collected is in memory_collect.c.
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
 */
#include "fiber/fiber_private.h"

#include "util/slab.h"

#include <string.h>

/*
 * How far memory grows before the collector begins anew, in percent of what was alive; LuaJIT's own
 * figure is 200. Each of its rounds looks at every coroutine and its stack. With a thousand
 * connections that sent 16 KiB a time, that was a tenth of all the work.
 */
#define MEMORY_PAUSE     400

/* How far beyond the limit: an eighth of it, at least so much. */
#define MEMORY_OVERDRAFT ((size_t)16 << 20)

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
    vm->at_once(vm);
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

void memory_raise_line(struct vm *vm)
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

void memory_lower_line(struct vm *vm)
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
