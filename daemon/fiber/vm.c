/*
 * The Lua machine: its state, its memory, its end. The contract is in vm.h.
 *
 * The limit on memory is kept by the state's allocator, which counts. It refuses nothing before the
 * machine is complete, since LuaJIT does not survive a refusal while it makes a state. What is
 * small comes from slabs: a coroutine, its stack and the object of its connection are of odd sizes,
 * and there are as many as connections. The allocator's context doubles as the way from any
 * lua_State to its machine: it costs one load.
 */
#include "fiber/fiber_private.h"

#include "util/log.h"
#include "util/slab.h"

#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>
#include <string.h>
#include <unistd.h>

#define VM_MEMORY   ((size_t)512 << 20)
#define VM_CPU      5.0

/*
 * How far memory grows before the collector begins anew, in percent of what was alive; LuaJIT's own
 * figure is 200. Each of its rounds looks at every coroutine and its stack. With a thousand
 * connections that sent 16 KiB a time, that was a tenth of all the work.
 */
#define VM_GC_PAUSE 400

/* ---- memory ---- */

/* LuaJIT does not collect garbage to make room, so that what a failed script has left behind would
 * fail others. */
void vm_starve(struct vm *vm)
{
    vm->starved = true;
    preempt_at_once(vm);
}

static void *vm_refuse(struct vm *vm)
{
    vm_starve(vm);
    return NULL;
}

static bool vm_is_small(size_t size)
{
    return size - 1 < SLAB_BLOCK_MAX;
}

void *vm_take(struct vm *vm, size_t size)
{
    return vm_is_small(size) ? slabs_take(vm->slabs, size) : malloc(size);
}

void vm_give(struct vm *vm, void *block, size_t size)
{
    if (vm_is_small(size))
        slabs_give(vm->slabs, block, size);
    else
        free(block);
}

static void *vm_resize(struct vm *vm, void *block, size_t had, size_t size)
{
    if (!vm_is_small(had) && !vm_is_small(size))
        return realloc(block, size);
    void *result = vm_take(vm, size);
    if (result == NULL)
        return NULL;
    memcpy(result, block, had < size ? had : size);
    vm_give(vm, block, had);
    return result;
}

/* `had` and `size` are 0 for no block. */
static void *vm_allocate_any(struct vm *vm, void *block, size_t had, size_t size)
{
    void *result = NULL;
    if (size == 0 && had > 0)
        vm_give(vm, block, had);
    else if (size > 0)
        result = had > 0 ? vm_resize(vm, block, had, size) : vm_take(vm, size);
    if (result != NULL || size == 0)
        vm->used += size - had;
    return result;
}

static void *vm_allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct vm *vm = context;
    size_t had = block != NULL ? old_size : 0;
    if (new_size > had && vm->used + (new_size - had) > vm->limit)
        return vm_refuse(vm);
    return vm_allocate_any(vm, block, had, new_size);
}

/* While the state ends: so that vm_of finds no machine. */
static void *vm_allocate_last(void *context, void *block, size_t old_size, size_t new_size)
{
    return vm_allocate_any(context, block, block != NULL ? old_size : 0, new_size);
}

struct vm *vm_of(lua_State *L)
{
    void *context;
    if (__builtin_expect(lua_getallocf(L, &context) != vm_allocate, 0))
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
    vm->bucket_count = 64;
    vm->buckets = calloc(vm->bucket_count, sizeof(struct fiber *));
    if (vm->buckets == NULL)
        return -ENOMEM;
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
    lua_gc(L, LUA_GCSETPAUSE, VM_GC_PAUSE);
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
    if (slabs_new(&vm->slabs) < 0)
        return -ENOMEM;
    vm->limit = SIZE_MAX;
    vm->L = lua_newstate(vm_allocate, vm);
    if (vm->L == NULL)
        return -ENOMEM;
    lua_atpanic(vm->L, vm_panic);
    int status = lua_cpcall(vm->L, vm_open, vm);
    vm->limit = limit;
    vm->tight = limit - limit / 8;
    if (status != 0)
        return -ENOMEM;
    vm_push_enter(vm->L);
    return 0;
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
    vm->cpu_limit = (uint64_t)((config->cpu > 0 ? config->cpu : VM_CPU) * 1e9);
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
    lua_setallocf(vm->L, vm_allocate_last, vm);
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
    slabs_free(vm->slabs);
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
    return vm->count;
}

lua_State *vm_main(const struct vm *vm)
{
    return vm->L;
}

/* ---- calls from outside of fibers ---- */

static int vm_collect(lua_State *L)
{
    lua_gc(L, LUA_GCCOLLECT, 0);
    return 0;
}

/* Near the limit it is done at most a tenth of the time. */
void vm_collect_some(struct vm *vm)
{
    uint64_t begun = loop_now();
    if (!vm->starved && begun < vm->next_relief)
        return;
    vm->starved = false;
    vm->next_relief = UINT64_MAX; /* not from within */
    vm_protect(vm, vm_collect, NULL, NULL);
    uint64_t now = loop_now();
    vm->next_relief = now + 10 * (now - begun);
}

/* The bottom of the main state's stack, so that a protected call makes no closure. */
static int vm_enter(lua_State *L)
{
    struct vm_call call = vm_of(L)->call;
    lua_pushlightuserdata(L, call.argument);
    return call.fn(L);
}

static int vm_failed(lua_State *L, int status)
{
    if (status != LUA_ERRMEM) {
        const char *text = lua_tostring(L, -1);
        log_write(LOG_ERROR, "Lua: %s", text != NULL ? text : "an error that is no text");
    }
    return status == LUA_ERRMEM ? -ENOMEM : -EINVAL;
}

int vm_protect(struct vm *vm, lua_CFunction fn, void *argument, int *results)
{
    lua_State *L = vm->L;
    CHECK(vm->current == NULL);
    vm_relieve(vm);
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
    size_t limit = vm->limit;
    vm->limit = SIZE_MAX;
    lua_xmove(from, to, count);
    vm->limit = limit;
}
