/*
 * What all files of the folder stand on: the machine of a state, and its fibers by number. The
 * machine begins and ends in machine.c. The contract is in vm.h.
 *
 * The context of the state's allocator (memory.c) doubles as the way from any lua_State to its
 * machine: it costs one load.
 */
#include "fiber/fiber_private.h"

#include <lauxlib.h>

struct vm *vm_of(lua_State *L)
{
    void *context;
    if (__builtin_expect(lua_getallocf(L, &context) != memory_allocate, 0))
        luaL_error(L, "Lua is about to end"); /* in a finalizer, see vm_close_state */
    return context;
}

/* ---- fibers by number ---- */

int vm_table_init(struct vm *vm)
{
    const size_t count = 64;
    vm->buckets = calloc(count, sizeof(struct fiber *));
    if (vm->buckets == NULL)
        return -ENOMEM;
    vm->bucket_count = count;
    vm->last_id = 100; /* numbers begin with 101, as scripts for Tarantool expect */
    return 0;
}

static struct fiber **vm_bucket(const struct vm *vm, uint64_t id)
{
    return &vm->buckets[id & (vm->bucket_count - 1)];
}

static void vm_table_put(struct vm *vm, struct fiber *fiber)
{
    struct fiber **bucket = vm_bucket(vm, fiber->id);
    fiber->next = *bucket;
    *bucket = fiber;
}

/* Longer chains do when there is no memory for more buckets. */
static void vm_table_grow(struct vm *vm)
{
    size_t old_count = vm->bucket_count;
    struct fiber **old = vm->buckets, **buckets = calloc(2 * old_count, sizeof(struct fiber *));
    if (buckets == NULL)
        return;
    vm->buckets = buckets;
    vm->bucket_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++)
        for (struct fiber *fiber = old[i], *next; fiber != NULL; fiber = next) {
            next = fiber->next;
            vm_table_put(vm, fiber);
        }
    free(old);
}

/* Numbers fill the buckets evenly, and are seldom looked for. */
void vm_table_add(struct vm *vm, struct fiber *fiber)
{
    if (vm->count >= 2 * vm->bucket_count)
        vm_table_grow(vm);
    fiber->id = ++vm->last_id;
    vm_table_put(vm, fiber);
    vm->count++;
}

void vm_table_remove(struct vm *vm, struct fiber *fiber)
{
    struct fiber **at = vm_bucket(vm, fiber->id);
    while (*at != fiber) {
        CHECK(*at != NULL);
        at = &(*at)->next;
    }
    *at = fiber->next;
    vm->count--;
    if (fiber->unjoined)
        vm->unjoined--;
}

struct fiber *fiber_find(struct vm *vm, uint64_t id)
{
    struct fiber *fiber = *vm_bucket(vm, id);
    while (fiber != NULL && fiber->id != id)
        fiber = fiber->next;
    return fiber;
}

void fiber_each(struct vm *vm, void (*fn)(void *context, struct fiber *fiber), void *context)
{
    for (size_t i = 0; i < vm->bucket_count; i++)
        for (struct fiber *fiber = vm->buckets[i], *next; fiber != NULL; fiber = next) {
            next = fiber->next;
            fn(context, fiber);
        }
}

/* How many buckets are walked through in one go. */
#define VM_WALK 256

/* More buckets have been made meanwhile: a fiber may stand anywhere now. */
bool fiber_walk(struct vm *vm, struct fiber_walk *walk,
                void (*fn)(void *context, struct fiber *fiber), void *context)
{
    if (walk->buckets != vm->bucket_count)
        *walk = (struct fiber_walk){0, vm->bucket_count};
    for (size_t i = 0; i < VM_WALK && walk->bucket < vm->bucket_count; i++)
        for (struct fiber *fiber = vm->buckets[walk->bucket++], *next; fiber != NULL;
             fiber = next) {
            next = fiber->next;
            fn(context, fiber);
        }
    return walk->bucket < vm->bucket_count;
}

/* ---- what belongs to it ---- */

struct loop *vm_loop(const struct vm *vm)
{
    return vm->loop;
}

void *vm_context(const struct vm *vm)
{
    return vm->context;
}

bool vm_has_jit(const struct vm *vm)
{
    return vm->jit;
}

size_t vm_memory(const struct vm *vm)
{
    return vm->used;
}

size_t vm_fibers(const struct vm *vm)
{
    return vm->count - vm->unjoined;
}

lua_State *vm_main(const struct vm *vm)
{
    return vm->L;
}

struct vm *fiber_vm(const struct fiber *fiber)
{
    return vm_of(fiber->L);
}

struct fiber_rare *fiber_make_rare(struct fiber *fiber)
{
    if (fiber->rare != NULL)
        return fiber->rare;
    struct fiber_rare *rare = calloc(1, sizeof *rare);
    if (rare != NULL)
        list_init(&rare->joiners);
    fiber->rare = rare;
    return rare;
}

void vm_move(struct vm *vm, lua_State *from, lua_State *to, int count)
{
    size_t line = vm->line;
    vm->line = SIZE_MAX;
    lua_xmove(from, to, count);
    vm->line = line;
}
