/*
 * Faults of Lua's memory, in a daemon that is built for it: daemon/fiber/memory.c, but the library
 * of faults (faults.c) is asked at each request for more. Either the kernel has no memory for the
 * block, or Lua has reached its limit, which is back when the fault has gone and nobody is about to
 * hear of it. Without the library it is a daemon like any other.
 */
#include "faults.h"
#include "fiber/fiber_private.h"
#include "util/slab.h"

#include <dlfcn.h>
#include <stdlib.h>

void *memory_allocate_well(void *context, void *block, size_t old_size, size_t new_size);

#define memory_allocate memory_allocate_well
#define slabs_take(...) (faults_meet(FAULTS_LUA_BLOCK) ? NULL : (slabs_take)(__VA_ARGS__))
#define malloc(...)     (faults_meet(FAULTS_LUA_BLOCK) ? NULL : (malloc)(__VA_ARGS__))
#define realloc(...)    (faults_meet(FAULTS_LUA_BLOCK) ? NULL : (realloc)(__VA_ARGS__))

static bool faults_meet(int kind)
{
    static bool (*ask)(int kind);
    static bool looked;
    if (!looked)
        ask = (bool (*)(int))dlsym(RTLD_DEFAULT, "faults_lua");
    looked = true;
    return ask != NULL && ask(kind);
}

#include "fiber/memory.c" /* NOLINT(bugprone-suspicious-include) */

#undef memory_allocate

static size_t true_limit; /* 0: it is in force */

static void limit_fails(struct vm *vm)
{
    if (true_limit == 0)
        true_limit = vm->limit;
    memory_limit(vm, vm->used);
}

static void limit_is_back(struct vm *vm)
{
    if (vm->current != NULL && vm->current->overdrawn)
        return;
    memory_limit(vm, true_limit);
    true_limit = 0;
}

/* The machine is made without a limit, and what it takes then cannot meet one. */
void *memory_allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct vm *vm = context;
    bool more = new_size > (block != NULL ? old_size : 0);
    if (more && vm->limit != SIZE_MAX && faults_meet(FAULTS_LUA_LIMIT))
        limit_fails(vm);
    else if (more && true_limit != 0)
        limit_is_back(vm);
    return memory_allocate_well(context, block, old_size, new_size);
}
