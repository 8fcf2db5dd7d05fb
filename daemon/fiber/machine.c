/*
 * The roof of the folder: the Lua machine's beginning and its end. The contract is in vm.h.
 */
#include "fiber/fiber_private.h"

#include "util/log.h"

#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>
#include <math.h>
#include <unistd.h>

#define VM_MEMORY ((size_t)512 << 20)
#define VM_CPU    5.0
#define VM_GRACE  0.1

/* Only reached when C code of ours called Lua unprotected. */
static int vm_panic(lua_State *L)
{
    log_write(LOG_ERROR, "Lua panics: %s", lua_tostring(L, -1));
    return 0;
}

static void vm_set_jit(struct vm *vm)
{
    luaJIT_setmode(vm->L, 0, LUAJIT_MODE_ENGINE | (vm->jit ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
}

static int vm_open(lua_State *L)
{
    struct vm *vm = lua_touserdata(L, 1);
    luaL_openlibs(L);
    vm_set_jit(vm); /* the library turned it on */
    preempt_init(vm);
    protect_open(L);
    return 0;
}

static int vm_open_state(struct vm *vm, size_t limit)
{
    if (memory_init(vm) < 0)
        return -ENOMEM;
    vm->L = lua_newstate(memory_allocate, vm);
    if (vm->L == NULL)
        return -ENOMEM;
    lua_atpanic(vm->L, vm_panic);
    int status = lua_cpcall(vm->L, vm_open, vm);
    memory_limit(vm, limit);
    if (status != 0)
        return -ENOMEM;
    protect_push(vm->L);
    return 0;
}

/* 0: the default. */
static uint64_t vm_nanoseconds(double seconds, double otherwise)
{
    if (isinf(seconds))
        return UINT64_MAX;
    return (uint64_t)((seconds > 0 ? seconds : otherwise) * 1e9);
}

int vm_new(struct vm **out, struct loop *loop, const struct vm_config *config)
{
    struct vm *vm = calloc(1, sizeof *vm);
    if (vm == NULL)
        return -ENOMEM;
    vm->magic = VM_MAGIC;
    vm->loop = loop;
    vm->context = config->context;
    vm->uid = geteuid();
    vm->extra = config->extra;
    vm->release = config->release;
    vm->ended = config->ended;
    vm->paused = config->paused;
    vm->jit = config->jit;
    vm->at_once = preempt_at_once;
    vm->cpu_limit = vm_nanoseconds(config->cpu, VM_CPU);
    vm->grace = isinf(config->cpu) ? UINT64_MAX : vm_nanoseconds(config->grace, VM_GRACE);
    schedule_init(vm);
    int result = vm_table_init(vm);
    if (result == 0)
        result = vm_open_state(vm, config->memory != 0 ? config->memory : VM_MEMORY);
    if (result < 0) {
        vm_free(vm);
        return result;
    }
    *out = vm;
    return 0;
}

static void vm_abandon_all(struct vm *vm)
{
    for (size_t i = 0; i < vm->bucket_count; i++)
        while (vm->buckets[i] != NULL)
            fiber_abandon(vm->buckets[i]);
}

static void vm_close_state(struct vm *vm)
{
    if (vm->L == NULL)
        return;
    preempt_deinit(vm);
    lua_sethook(vm->L, NULL, 0, 0);
    lua_setallocf(vm->L, memory_allocate_last, vm);
    lua_close(vm->L);
}

void vm_free(struct vm *vm)
{
    if (vm == NULL)
        return;
    MAGIC_CHECK(vm, VM_MAGIC);
    CHECK(vm->current == NULL);
    vm_abandon_all(vm);
    fiber_free_spare(vm);
    schedule_deinit(vm);
    vm_close_state(vm);
    memory_deinit(vm);
    free(vm->buckets);
    vm->magic = 0;
    free(vm);
}
