/*
 * Fiber objects: their birth, their end, and what others may do to them.
 *
 * A coroutine that ended well is kept with its fiber for the next one; one that ended in an error
 * can never run again and goes to the collector. The registry keeps a fiber's coroutine alive.
 */
#include "fiber/fiber_private.h"

#include "util/log.h"

#include <lauxlib.h>
#include <string.h>

/* How many ended coroutines are kept for reuse. */
#define FIBER_SPARE_MAX 1024

/* ---- birth ---- */

static struct fiber *fiber_take_spare(struct vm *vm)
{
    struct list *link = list_shift(&vm->spare);
    if (link == NULL)
        return NULL;
    vm->spare_count--;
    return CONTAINER_OF(link, struct fiber, all);
}

/* A script may have changed the globals of the coroutine that ended. */
static void fiber_reset_globals(struct fiber *fiber)
{
    lua_pushvalue(fiber->vm->L, LUA_GLOBALSINDEX);
    lua_xmove(fiber->vm->L, fiber->L, 1);
    lua_replace(fiber->L, LUA_GLOBALSINDEX);
}

/* The order matters: whatever throws does so while nothing else needs freeing. */
static struct fiber *fiber_allocate(lua_State *L, struct vm *vm)
{
    lua_State *coroutine = lua_newthread(L);
    int anchor = luaL_ref(L, LUA_REGISTRYINDEX);
    struct fiber *fiber = calloc(1, sizeof *fiber + vm->extra);
    if (fiber == NULL) {
        luaL_unref(L, LUA_REGISTRYINDEX, anchor);
        luaL_error(L, "not enough memory");
    }
    fiber->magic = FIBER_MAGIC;
    fiber->vm = vm;
    fiber->L = coroutine;
    fiber->anchor = anchor;
    list_init(&fiber->link);
    list_init(&fiber->joiners);
    return fiber;
}

static struct fiber *fiber_obtain(lua_State *L, struct vm *vm)
{
    struct fiber *fiber = fiber_take_spare(vm);
    if (fiber == NULL)
        return fiber_allocate(L, vm);
    fiber_reset_globals(fiber);
    return fiber;
}

struct fiber *fiber_new(lua_State *L, int arguments)
{
    struct vm *vm = vm_of(L);
    luaL_checkstack(L, 4, NULL);
    struct fiber *fiber = fiber_obtain(L, vm);
    vm_move(vm, L, fiber->L, arguments + 1);
    fiber->state = FIBER_NEW;
    fiber->results = arguments;
    fiber->owner = vm->current != NULL ? vm->current->owner : vm->uid;
    vm_table_add(vm, fiber);
    fiber->root = vm->current != NULL ? vm->current->root : fiber->id;
    fiber->origin = vm->current != NULL ? vm->current->origin : 0;
    return fiber;
}

/* ---- the end ---- */

static void fiber_drop_storage(struct fiber *fiber)
{
    lua_State *L = fiber->vm->L;
    lua_pushlightuserdata(L, fiber);
    lua_pushnil(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

static void fiber_drop_name(struct fiber *fiber)
{
    if (!fiber->nameless)
        free(fiber->name.text);
    fiber->nameless = false;
    fiber->name.text = NULL;
}

static void fiber_forget(struct fiber *fiber)
{
    struct vm *vm = fiber->vm;
    list_unlink(&fiber->all);
    list_unlink(&fiber->link);
    vm->count--;
    if (vm->release != NULL)
        vm->release(fiber->extra);
    fiber_drop_name(fiber);
    if (fiber->stored)
        fiber_drop_storage(fiber);
}

/* One that took all the memory has left it as garbage. */
static void fiber_free(struct fiber *fiber)
{
    if (fiber->status == LUA_ERRMEM)
        vm_starve(fiber->vm);
    luaL_unref(fiber->vm->L, LUA_REGISTRYINDEX, fiber->anchor);
    fiber->magic = 0;
    free(fiber);
}

/* Everything but the coroutine and its anchor begins anew. */
static void fiber_clear(struct fiber *fiber)
{
    struct vm *vm = fiber->vm;
    lua_State *L = fiber->L;
    int anchor = fiber->anchor;
    memset(fiber, 0, sizeof *fiber + vm->extra);
    fiber->magic = FIBER_MAGIC;
    fiber->vm = vm;
    fiber->L = L;
    fiber->anchor = anchor;
    list_init(&fiber->link);
    list_init(&fiber->joiners);
}

static void fiber_release(struct fiber *fiber)
{
    struct vm *vm = fiber->vm;
    bool reusable = fiber->status == 0 && vm->spare_count < FIBER_SPARE_MAX;
    fiber_forget(fiber);
    if (reusable) {
        lua_settop(fiber->L, 0);
        fiber_clear(fiber);
        list_prepend(&vm->spare, &fiber->all);
        vm->spare_count++;
    } else {
        fiber_free(fiber);
    }
    if (vm->ended != NULL)
        vm->ended(vm);
}

void fiber_free_spare(struct vm *vm)
{
    for (struct fiber *fiber; (fiber = fiber_take_spare(vm)) != NULL;)
        fiber_free(fiber);
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

void fiber_end(struct fiber *fiber, int status)
{
    fiber->status = status;
    fiber->state = FIBER_DEAD;
    if (fiber->joinable)
        (void)fiber_name(fiber); /* while there is somebody who makes it */
    if (fiber->ended != NULL)
        fiber->ended(fiber, fiber->ended_context, status);
    else if (status != 0 && !fiber->joinable && !fiber_ended_by_cancel(fiber))
        fiber_log_error(fiber);
    if (fiber->nameless)
        fiber_drop_name(fiber); /* for want of memory */
    fiber_wake_all(&fiber->joiners);
    if (!fiber->joinable)
        fiber_release(fiber);
}

void fiber_abandon(struct fiber *fiber)
{
    if (fiber->state == FIBER_WAITING)
        fiber->interrupt(fiber, FIBER_ABANDON);
    if (fiber->state != FIBER_DEAD && fiber->ended != NULL)
        fiber->ended(fiber, fiber->ended_context, FIBER_ABANDONED);
    fiber_forget(fiber);
    fiber_free(fiber);
}

void fiber_set_ended(struct fiber *fiber, fiber_ended_fn *ended, void *context)
{
    fiber->ended = ended;
    fiber->ended_context = context;
}

void *fiber_ended_context(const struct fiber *fiber, fiber_ended_fn *ended)
{
    return fiber->ended == ended ? fiber->ended_context : NULL;
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
    vm_protect(fiber->vm, fiber_format_error, &error, NULL);
    return error.text != NULL ? error.text : strdup("not enough memory");
}

/* ---- what others may do to it ---- */

void fiber_cancel(struct fiber *fiber)
{
    if (fiber->state == FIBER_DEAD)
        return;
    fiber->cancelled = true;
    if (fiber->state == FIBER_WAITING)
        fiber->interrupt(fiber, FIBER_CANCEL);
}

void fiber_wakeup(struct fiber *fiber)
{
    if (fiber->state == FIBER_WAITING)
        fiber->interrupt(fiber, FIBER_WAKEUP);
}

bool fiber_is_cancelled(const struct fiber *fiber)
{
    return fiber->cancelled;
}

void fiber_test_cancel(lua_State *L)
{
    const struct fiber *fiber = fiber_current(L);
    if (fiber == NULL || !fiber->cancelled)
        return;
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
    return fiber_wait_in(L, &fiber->joiners, LOOP_NEVER);
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

struct vm *fiber_vm(const struct fiber *fiber)
{
    return fiber->vm;
}

const char *fiber_name(struct fiber *fiber)
{
    char name[FIBER_NAME_MAX + 1];
    if (fiber->nameless)
        (void)fiber_set_name(fiber, name, fiber->name.make(fiber->ended_context, name));
    return !fiber->nameless && fiber->name.text != NULL ? fiber->name.text : "lua";
}

void fiber_name_later(struct fiber *fiber, fiber_name_fn *fn)
{
    fiber_drop_name(fiber);
    fiber->nameless = true;
    fiber->name.make = fn;
}

int fiber_set_name(struct fiber *fiber, const char *name, size_t length)
{
    if (length > FIBER_NAME_MAX)
        return -ENAMETOOLONG;
    char *copy = malloc(length + 1);
    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, name, length);
    copy[length] = '\0';
    fiber_drop_name(fiber);
    fiber->name.text = copy;
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
    fiber->origin = origin;
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
