/*
 * Fiber objects: their birth, their end, and what others may do to them.
 *
 * A coroutine that ended well is kept with its fiber for the next one; one that ended in an error
 * can never run again and goes to the collector. The registry keeps a fiber's coroutine alive.
 */
#include "fiber/fiber_private.h"

#include "util/cleanup.h"
#include "util/log.h"

#include <lauxlib.h>
#include <string.h>

/* How many ended coroutines are kept for reuse. */
#define FIBER_SPARE_MAX 1024

/* ---- birth ---- */

static struct fiber *fiber_take_spare(struct vm *vm)
{
    struct fiber *fiber = vm->spare;
    if (fiber == NULL)
        return NULL;
    vm->spare = fiber->next;
    vm->spare_count--;
    return fiber;
}

static size_t fiber_size(const struct vm *vm)
{
    return sizeof(struct fiber) + vm->extra;
}

/* Everything but the coroutine and its anchor is as in a new one. */
static void fiber_clear(struct vm *vm, struct fiber *fiber, lua_State *L, int anchor)
{
    memset(fiber, 0, fiber_size(vm));
    fiber->magic = FIBER_MAGIC;
    fiber->L = L;
    fiber->anchor = anchor;
}

/* A script may have changed the globals of the coroutine that ended. */
static void fiber_reset_globals(struct vm *vm, struct fiber *fiber)
{
    lua_pushvalue(vm->L, LUA_GLOBALSINDEX);
    lua_xmove(vm->L, fiber->L, 1);
    lua_replace(fiber->L, LUA_GLOBALSINDEX);
}

/* The order matters: whatever throws does so while nothing else needs freeing. */
static struct fiber *fiber_allocate(lua_State *L, struct vm *vm, int arguments)
{
    lua_State *coroutine = lua_newthread(L);
    luaL_checkstack(coroutine, arguments + 1, "too many arguments");
    int anchor = luaL_ref(L, LUA_REGISTRYINDEX);
    struct fiber *fiber = memory_take(vm, fiber_size(vm));
    if (fiber == NULL) {
        luaL_unref(L, LUA_REGISTRYINDEX, anchor);
        vm_throw_memory(L);
    }
    fiber_clear(vm, fiber, coroutine, anchor);
    return fiber;
}

static struct fiber *fiber_obtain(lua_State *L, struct vm *vm, int arguments)
{
    if (vm->spare == NULL)
        return fiber_allocate(L, vm, arguments);
    luaL_checkstack(vm->spare->L, arguments + 1, "too many arguments");
    struct fiber *fiber = fiber_take_spare(vm);
    fiber_reset_globals(vm, fiber);
    return fiber;
}

static void fiber_inherit(struct fiber *fiber, const struct fiber *creator)
{
    if (creator == NULL) {
        fiber->owner = fiber_vm(fiber)->uid;
        fiber->root = fiber->id;
        return;
    }
    uint64_t younger = fiber->id - creator->id;
    fiber->younger = younger <= UINT32_MAX ? (uint32_t)younger : 0;
    fiber->owner = creator->owner;
    fiber->root = creator->root;
    fiber->origin = creator->origin;
}

struct fiber *fiber_new(lua_State *L, int arguments)
{
    struct vm *vm = vm_of(L);
    luaL_checkstack(L, 4, NULL);
    struct fiber *fiber = fiber_obtain(L, vm, arguments);
    vm_move(vm, L, fiber->L, arguments + 1);
    fiber->state = FIBER_NEW;
    fiber->results = arguments;
    vm_table_add(vm, fiber);
    fiber_inherit(fiber, vm->current);
    return fiber;
}

/* ---- the end ---- */

static void fiber_drop_storage(struct vm *vm, struct fiber *fiber)
{
    lua_State *L = vm->L;
    lua_pushlightuserdata(L, fiber);
    lua_pushnil(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

/* At the end of the machine there may be joiners left, which then wait for nothing. */
static void fiber_drop_rare(struct fiber *fiber)
{
    struct fiber_rare *rare = STEAL(fiber->rare);
    if (rare == NULL)
        return;
    list_unlink(&rare->joiners);
    free(rare->name);
    free(rare);
}

static void fiber_forget(struct vm *vm, struct fiber *fiber)
{
    vm_table_remove(vm, fiber);
    if (fiber->state == FIBER_READY)
        list_unlink(&fiber->link);
    if (vm->release != NULL)
        vm->release(fiber->extra);
    fiber_drop_rare(fiber);
    if (fiber->stored)
        fiber_drop_storage(vm, fiber);
}

/* One that took all the memory has left it as garbage. */
static void fiber_free(struct vm *vm, struct fiber *fiber)
{
    if (fiber->status == LUA_ERRMEM || fiber->refused)
        memory_starve(vm);
    luaL_unref(vm->L, LUA_REGISTRYINDEX, fiber->anchor);
    fiber->magic = 0;
    memory_give(vm, fiber, fiber_size(vm));
}

static void fiber_release(struct fiber *fiber)
{
    struct vm *vm = fiber_vm(fiber);
    bool reusable = fiber->status == 0 && vm->spare_count < FIBER_SPARE_MAX;
    fiber_forget(vm, fiber);
    if (reusable) {
        lua_settop(fiber->L, 0);
        fiber_clear(vm, fiber, fiber->L, fiber->anchor);
        fiber->next = vm->spare;
        vm->spare = fiber;
        vm->spare_count++;
    } else {
        fiber_free(vm, fiber);
    }
    if (vm->ended != NULL)
        vm->ended(vm);
}

void fiber_free_spare(struct vm *vm)
{
    for (struct fiber *fiber; (fiber = fiber_take_spare(vm)) != NULL;)
        fiber_free(vm, fiber);
}

bool fiber_ended_by_cancel(const struct fiber *fiber)
{
    const char *message = fiber->cancelled ? lua_tostring(fiber->L, -1) : NULL;
    return message != NULL && strcmp(message, FIBER_CANCELLED) == 0;
}

static void fiber_log_error(struct fiber *fiber)
{
    struct log_about about = {.handler = fiber_name(fiber)};
    char *text = fiber_error_text(fiber);
    if (text != NULL)
        log_text_about(LOG_ERROR, &about, text, strlen(text));
    free(text);
}

/* Whether there was anybody to tell of it. */
static bool fiber_tell_end(struct fiber *fiber, int status)
{
    const struct fiber_maker *maker = fiber->maker;
    if (maker == NULL || maker->ended == NULL)
        return false;
    maker->ended(fiber, fiber->maker_context, status);
    return true;
}

/* It is over: nobody needs to wait for it, and perhaps nobody ever joins it. */
static void fiber_await_joiner(struct fiber *fiber)
{
    struct vm *vm = fiber_vm(fiber);
    fiber->unjoined = true;
    vm->unjoined++;
    if (vm->ended != NULL)
        vm->ended(vm);
}

void fiber_end(struct fiber *fiber, int status)
{
    fiber->status = (int8_t)status;
    fiber->state = FIBER_DEAD;
    if (fiber->joinable)
        (void)fiber_name(fiber); /* while there is somebody who makes it */
    if (!fiber_tell_end(fiber, status) && status != 0 && !fiber->joinable &&
        !fiber_ended_by_cancel(fiber))
        fiber_log_error(fiber);
    fiber->maker = NULL;
    if (fiber->rare != NULL)
        fiber_wake_all(&fiber->rare->joiners);
    if (fiber->joinable)
        fiber_await_joiner(fiber);
    else
        fiber_release(fiber);
}

void fiber_abandon(struct fiber *fiber)
{
    struct vm *vm = fiber_vm(fiber);
    schedule_interrupt(fiber, FIBER_ABANDON);
    if (fiber->state != FIBER_DEAD)
        (void)fiber_tell_end(fiber, FIBER_ABANDONED);
    fiber_forget(vm, fiber);
    fiber_free(vm, fiber);
}

void fiber_set_maker(struct fiber *fiber, const struct fiber_maker *maker, void *context)
{
    fiber->maker = maker;
    fiber->maker_context = context;
}

void *fiber_maker_context(const struct fiber *fiber, const struct fiber_maker *maker)
{
    return fiber->maker == maker ? fiber->maker_context : NULL;
}

struct fiber_error {
    struct fiber *fiber;
    char *text;
};

static int fiber_format_error(lua_State *L)
{
    struct fiber_error *error = lua_touserdata(L, 1);
    struct fiber *fiber = error->fiber;
    const char *message = lua_tostring(fiber->L, -1);
    if (message == NULL)
        message = lua_pushfstring(L, "(the error is a %s)", luaL_typename(fiber->L, -1));
    luaL_traceback(L, fiber->L, message, 0);
    error->text = strdup(lua_tostring(L, -1));
    return 0;
}

char *fiber_error_text(struct fiber *fiber)
{
    struct fiber_error error = {fiber, NULL};
    /* A traceback that does not fit into memory is not worth another complaint. */
    vm_protect(fiber_vm(fiber), fiber_format_error, &error, NULL);
    return error.text != NULL ? error.text : strdup("not enough memory");
}

/* ---- what others may do to it ---- */

void fiber_cancel(struct fiber *fiber)
{
    if (fiber->state == FIBER_DEAD)
        return;
    fiber->cancelled = true;
    fiber->burned = fiber->burned > 0; /* what it may burn from now on is less */
    schedule_interrupt(fiber, FIBER_CANCEL);
}

bool fiber_call_off(struct fiber *fiber)
{
    if (fiber->state != FIBER_READY || fiber->switches > 0 || fiber->maker != NULL)
        return false;
    list_unlink(&fiber->link);
    fiber->cancelled = true;
    preempt_leave_reason(fiber_vm(fiber), fiber);
    fiber_end(fiber, LUA_ERRRUN);
    return true;
}

void fiber_wakeup(struct fiber *fiber)
{
    schedule_interrupt(fiber, FIBER_WAKEUP);
}

bool fiber_is_cancelled(const struct fiber *fiber)
{
    return fiber->cancelled;
}

void fiber_test_cancel(lua_State *L)
{
    struct fiber *fiber = fiber_current(L);
    if (fiber == NULL || !fiber->cancelled)
        return;
    fiber->informed = true;
    lua_pushliteral(L, FIBER_CANCELLED);
    lua_error(L);
}

/* ---- joining ---- */

void fiber_set_joinable(struct fiber *fiber, bool joinable)
{
    fiber->joinable = joinable;
    if (!joinable && fiber->state == FIBER_DEAD)
        fiber_release(fiber);
}

bool fiber_is_joinable(const struct fiber *fiber)
{
    return fiber->joinable;
}

bool fiber_is_dead(const struct fiber *fiber)
{
    return fiber->state == FIBER_DEAD;
}

int fiber_wait_end(lua_State *L, struct fiber *fiber)
{
    struct fiber_rare *rare = fiber_make_rare(fiber);
    if (rare == NULL)
        vm_throw_memory(L);
    return fiber_wait_in(L, &rare->joiners, LOOP_NEVER);
}

int fiber_reap(lua_State *L, struct fiber *fiber)
{
    CHECK(fiber->state == FIBER_DEAD);
    int count = fiber->status == 0 ? lua_gettop(fiber->L) : 1;
    luaL_checkstack(L, count + 1, "too many results");
    lua_pushboolean(L, fiber->status == 0);
    lua_xmove(fiber->L, L, count);
    fiber_release(fiber);
    return count + 1;
}

/* ---- what belongs to it ---- */

struct fiber *fiber_current(lua_State *L)
{
    return vm_of(L)->current;
}

bool fiber_is_running(const struct fiber *fiber)
{
    return fiber->state == FIBER_RUNNING;
}

uint64_t fiber_id(const struct fiber *fiber)
{
    return fiber->id;
}

lua_State *fiber_state(const struct fiber *fiber)
{
    return fiber->L;
}

const char *fiber_name(struct fiber *fiber)
{
    char name[FIBER_NAME_MAX + 1];
    bool named = fiber->rare != NULL && fiber->rare->name != NULL;
    if (!named && fiber->maker != NULL && fiber->maker->name != NULL)
        named = fiber_set_name(fiber, name, fiber->maker->name(fiber->maker_context, name)) == 0;
    return named ? fiber->rare->name : "lua";
}

int fiber_set_name(struct fiber *fiber, const char *name, size_t length)
{
    if (length > FIBER_NAME_MAX)
        return -ENAMETOOLONG;
    struct fiber_rare *rare = fiber_make_rare(fiber);
    char *copy = rare != NULL ? malloc(length + 1) : NULL;
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, name, length);
    copy[length] = '\0';
    free(rare->name);
    rare->name = copy;
    return 0;
}

uid_t fiber_owner(const struct fiber *fiber)
{
    return fiber->owner;
}

void fiber_set_owner(struct fiber *fiber, uid_t owner)
{
    fiber->owner = owner;
}

uint64_t fiber_origin(const struct fiber *fiber)
{
    return fiber->origin;
}

void fiber_set_origin(struct fiber *fiber, uint64_t origin)
{
    CHECK(origin <= UINT32_MAX);
    fiber->origin = (uint32_t)origin;
}

uint64_t fiber_root(const struct fiber *fiber)
{
    return fiber->root;
}

bool fiber_is_attended(const struct fiber *fiber)
{
    return fiber->attended;
}

void fiber_set_attended(struct fiber *fiber)
{
    fiber->attended = true;
}

bool fiber_is_charged(const struct fiber *fiber)
{
    return fiber->charged;
}

void fiber_set_charged(struct fiber *fiber)
{
    fiber->charged = true;
}

bool fiber_was_greedy(const struct fiber *fiber)
{
    return fiber->exhausted || (fiber->greedy && fiber->status != 0) || fiber->status == LUA_ERRMEM;
}

void fiber_set_greedy(struct fiber *fiber)
{
    fiber->greedy = true;
}

int fiber_errno(const struct fiber *fiber)
{
    return fiber->error;
}

void fiber_set_errno(struct fiber *fiber, int error)
{
    fiber->error = error;
}

uint32_t fiber_switches(const struct fiber *fiber)
{
    return fiber->switches;
}

void *fiber_extra(struct fiber *fiber)
{
    return fiber->extra;
}

struct fiber *fiber_of_extra(void *extra)
{
    return CONTAINER_OF(extra, struct fiber, extra);
}

/* Kept in the registry under the fiber's address. */
void fiber_push_storage(lua_State *L, struct fiber *fiber)
{
    lua_pushlightuserdata(L, fiber);
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (fiber->stored)
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushlightuserdata(L, fiber);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    fiber->stored = true;
}
