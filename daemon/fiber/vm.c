/*
 * The Lua machine: its state, its fibers by number, its end. The contract is in vm.h.
 *
 * The context of the state's allocator (memory.c) doubles as the way from any lua_State to its
 * machine: it costs one load.
 */
#include "fiber/fiber_private.h"

#include "util/log.h"

#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define VM_MEMORY ((size_t)512 << 20)
#define VM_CPU    5.0
#define VM_GRACE  0.1

struct vm *vm_of(lua_State *L)
{
    void *context;
    if (__builtin_expect(lua_getallocf(L, &context) != memory_allocate, 0))
        luaL_error(L, "Lua is about to end"); /* in a finalizer, see vm_close_state */
    return context;
}

/* Only reached when C code of ours called Lua unprotected. */
static int vm_panic(lua_State *L)
{
    log_write(LOG_ERROR, "Lua panics: %s", lua_tostring(L, -1));
    return 0;
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

/* ---- life ---- */

static void vm_set_jit(struct vm *vm)
{
    luaJIT_setmode(vm->L, 0, LUAJIT_MODE_ENGINE | (vm->jit ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
}

/* The key of the closure that the main state's stack begins with. */
static void *vm_key(void)
{
    static char key;
    return &key;
}

static int vm_enter(lua_State *L);

static int vm_open(lua_State *L)
{
    struct vm *vm = lua_touserdata(L, 1);
    luaL_openlibs(L);
    vm_set_jit(vm); /* the library turned it on */
    preempt_init(vm);
    lua_pushlightuserdata(L, vm_key());
    lua_pushcfunction(L, vm_enter);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 0;
}

static void vm_push_enter(lua_State *L)
{
    lua_pushlightuserdata(L, vm_key());
    lua_rawget(L, LUA_REGISTRYINDEX);
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
    vm_push_enter(vm->L);
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

/* ---- calls from outside of fibers ---- */

/* The bottom of the main state's stack, so that a protected call makes no closure. */
static int vm_enter(lua_State *L)
{
    struct vm_call call = vm_of(L)->call;
    lua_pushlightuserdata(L, call.argument);
    return call.fn(L);
}

/* LuaJIT's status says so only where its own allocation failed. */
static bool vm_lacked_memory(int status, const char *text)
{
    return status == LUA_ERRMEM || (text != NULL && strcmp(text, VM_NO_MEMORY) == 0);
}

static int vm_failed(lua_State *L, int status)
{
    const char *text = lua_tostring(L, -1);
    if (vm_lacked_memory(status, text))
        return -ENOMEM;
    log_write(LOG_ERROR, "Lua: %s", text != NULL ? text : "an error that is no text");
    return -EINVAL;
}

int vm_protect(struct vm *vm, lua_CFunction fn, void *argument, int *results)
{
    lua_State *L = vm->L;
    CHECK(vm->current == NULL);
    memory_relieve(vm);
    int top = lua_gettop(L);
    vm->call = (struct vm_call){fn, argument};
    lua_pushvalue(L, 1);
    int status = lua_pcall(L, 0, LUA_MULTRET, 0);
    int error = status != 0 ? vm_failed(L, status) : 0;
    if (error == 0 && results != NULL)
        *results = lua_gettop(L) - top;
    else
        lua_settop(L, top);
    return error;
}

void vm_move(struct vm *vm, lua_State *from, lua_State *to, int count)
{
    size_t line = vm->line;
    vm->line = SIZE_MAX;
    lua_xmove(from, to, count);
    vm->line = line;
}
