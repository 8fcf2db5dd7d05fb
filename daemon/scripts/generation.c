/*
 * Generations of scripts; the contract is in runtime.h.
 *
 * A change is a transaction over four things: the environments in which names are looked up, the
 * modules that `require` has loaded from files, the origins of fibers and listeners
 * (binding/origin.h), and the list of files. While it runs the old of each stays in force; at the
 * end either the new take their place, which cannot fail, or all are put back.
 */
#include "binding/origin.h"
#include "scripts/handlers.h"
#include "scripts/load.h"
#include "scripts/runtime_private.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

struct change {
    struct runtime *runtime;
    bool reload;
    char *path;             /* that a load adds */
    struct scripts scripts; /* what is loaded */
    struct load *load;      /* NULL once it has ended */
    int environments;       /* registry: of the new scripts */
    int combined;           /* registry: those that count if it succeeds */
    int modules;            /* registry: what was loaded from files before */
    struct loop_timer timer;
    runtime_changed_fn *done;
    void *context;
};

/* ---- what is looked up where ---- */

static void change_save_modules(lua_State *L, struct change *change)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "sockd.modules_save");
    lua_pushboolean(L, change->reload);
    lua_call(L, 1, 1);
    change->modules = luaL_ref(L, LUA_REGISTRYINDEX);
}

static int change_prepare(lua_State *L)
{
    struct change *change = lua_touserdata(L, 1);
    lua_newtable(L);
    change->environments = luaL_ref(L, LUA_REGISTRYINDEX);
    change_save_modules(L, change);
    return 0;
}

/* A load's environments stand behind those that there are. */
static int change_combine(lua_State *L)
{
    struct change *change = lua_touserdata(L, 1);
    const int lists[] = {change->runtime->environments, change->environments};
    int count = 0;
    lua_newtable(L);
    for (size_t i = change->reload ? 1 : 0; i < 2; i++) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, lists[i]);
        int size = (int)lua_objlen(L, -1);
        for (int k = 1; k <= size; k++) {
            lua_rawgeti(L, -1, k);
            lua_rawseti(L, -3, ++count);
        }
        lua_pop(L, 1);
    }
    change->combined = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int change_restore_modules(lua_State *L)
{
    const struct change *change = lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "sockd.modules_restore");
    lua_rawgeti(L, LUA_REGISTRYINDEX, change->modules);
    lua_call(L, 1, 0);
    return 0;
}

/* ---- the end of a change ---- */

static void change_free(struct change *change)
{
    struct runtime *runtime = change->runtime;
    loop_timer_stop(runtime->loop, &change->timer);
    runtime->change = NULL;
    scripts_deinit(&change->scripts);
    free(change->path);
    free(change);
}

static void change_drop_references(struct change *change)
{
    lua_State *L = vm_main(change->runtime->vm);
    luaL_unref(L, LUA_REGISTRYINDEX, change->environments);
    luaL_unref(L, LUA_REGISTRYINDEX, change->combined);
    luaL_unref(L, LUA_REGISTRYINDEX, change->modules);
}

/* The change is over and gone when its callers hear of it, so that they may begin another. */
static void change_tell(struct change *change, int error, const char *text)
{
    struct runtime *runtime = change->runtime;
    struct scripts scripts = change->scripts;
    struct runtime_change outcome = {.ended = true,
                                     .reload = change->reload,
                                     .generation = runtime->generation,
                                     .error = error,
                                     .text = text,
                                     .files = scripts.paths,
                                     .count = scripts.count};
    runtime_changed_fn *done = change->done;
    void *context = change->context;
    change->scripts = (struct scripts){NULL, 0};
    change_free(change);
    if (runtime->watcher != NULL)
        runtime->watcher(runtime->watcher_context, &outcome);
    if (done != NULL)
        done(context, &outcome);
    scripts_deinit(&scripts);
}

static void change_undo(struct change *change)
{
    struct runtime *runtime = change->runtime;
    if (change->load != NULL)
        load_abort(change->load);
    change->load = NULL;
    (void)vm_protect(runtime->vm, change_restore_modules, change, NULL);
    origin_undo(runtime->binding);
    change_drop_references(change);
}

static void change_fail(struct change *change, int error, const char *text)
{
    change_undo(change);
    change_tell(change, error, text);
}

/* What may fail of making it stand: memory for three lists. */
static int change_reserve(struct change *change)
{
    struct runtime *runtime = change->runtime;
    struct scripts present = {NULL, 0};
    int error = vm_protect(runtime->vm, change_combine, change, NULL);
    for (size_t i = 0; i < runtime->present.count && error == 0 && !change->reload; i++)
        error = scripts_add(&present, runtime->present.paths[i]);
    for (size_t i = 0; i < change->scripts.count && error == 0; i++)
        error = scripts_add(&present, change->scripts.paths[i]);
    if (error == 0 && change->path != NULL)
        error = scripts_add(&runtime->configured, change->path);
    if (error < 0) {
        scripts_deinit(&present);
        return error;
    }
    scripts_deinit(&runtime->present);
    runtime->present = present;
    return 0;
}

static void change_stand(struct change *change)
{
    struct runtime *runtime = change->runtime;
    lua_State *L = vm_main(runtime->vm);
    lua_rawgeti(L, LUA_REGISTRYINDEX, change->combined);
    lua_rawseti(L, LUA_REGISTRYINDEX, runtime->environments);
    runtime->generation += change->reload || runtime->generation == 0;
    origin_stand(runtime->binding);
    handlers_renew(runtime);
    change_drop_references(change);
}

static void change_on_loaded(void *context, int error, const char *text)
{
    struct change *change = context;
    change->load = NULL;
    if (error < 0) {
        change_fail(change, error, text);
        return;
    }
    int result = change_reserve(change);
    if (result < 0) {
        change_fail(change, result, "not enough memory");
        return;
    }
    change_stand(change);
    change_tell(change, 0, NULL);
}

static void change_on_timer(struct loop_timer *timer)
{
    struct change *change = CONTAINER_OF(timer, struct change, timer);
    char text[128];
    snprintf(text, sizeof text, "the scripts were not ready within %g s",
             (double)change->runtime->load_timeout / 1e9);
    change_fail(change, -ETIMEDOUT, text);
}

/* ---- the beginning ---- */

static int change_start(struct change *change)
{
    struct runtime *runtime = change->runtime;
    int error = vm_protect(runtime->vm, change_prepare, change, NULL);
    if (error < 0)
        return error;
    struct load_request request = {
        .scripts = &change->scripts,
        .origin = ++runtime->last_origin,
        .environments = change->environments,
        .done = change_on_loaded,
        .context = change,
    };
    bool first = runtime->generation == 0 && change->reload;
    uint64_t deadline = first ? LOOP_NEVER : loop_now() + runtime->load_timeout;
    error = loop_timer_start(runtime->loop, &change->timer, deadline, change_on_timer);
    if (error == 0)
        error = load_begin(runtime, &request, &change->load);
    if (error < 0)
        return error;
    origin_begin(runtime->binding, request.origin, change->reload);
    return 0;
}

/* Consumes the change. */
static int change_begin(struct change *change)
{
    struct runtime *runtime = change->runtime;
    struct runtime_change begun = {.reload = change->reload, .generation = runtime->generation};
    int error = change_start(change);
    if (error < 0) {
        if (change->modules != LUA_NOREF)
            (void)vm_protect(runtime->vm, change_restore_modules, change, NULL);
        change_drop_references(change);
        change_free(change);
        return error;
    }
    runtime->change = change;
    if (runtime->watcher != NULL)
        runtime->watcher(runtime->watcher_context, &begun);
    return 0;
}

static int change_new(struct runtime *runtime, runtime_changed_fn *done, void *context,
                      struct change **out)
{
    if (runtime->change != NULL)
        return -EALREADY;
    struct change *change = calloc(1, sizeof *change);
    if (change == NULL)
        return -ENOMEM;
    change->runtime = runtime;
    change->environments = change->combined = change->modules = LUA_NOREF;
    change->done = done;
    change->context = context;
    *out = change;
    return 0;
}

/* Those of the path that are not loaded. */
static int change_find_new(struct change *change, const char *path)
{
    struct scripts found = {NULL, 0};
    int error = scripts_find(&found, path);
    for (size_t i = 0; i < found.count && error == 0; i++)
        if (!scripts_has(&change->runtime->present, found.paths[i]))
            error = scripts_add(&change->scripts, found.paths[i]);
    if (error == 0 && found.count > 0 && change->scripts.count == 0)
        error = -EEXIST;
    scripts_deinit(&found);
    return error;
}

int runtime_load(struct runtime *runtime, const char *path, runtime_changed_fn *done, void *context)
{
    struct change *change;
    int error = change_new(runtime, done, context, &change);
    if (error < 0)
        return error;
    change->path = strdup(path);
    error = change->path != NULL ? change_find_new(change, path) : -ENOMEM;
    if (error == 0)
        return change_begin(change);
    change_free(change);
    return error;
}

int runtime_reload(struct runtime *runtime, runtime_changed_fn *done, void *context)
{
    struct change *change;
    int error = change_new(runtime, done, context, &change);
    if (error < 0)
        return error;
    change->reload = true;
    for (size_t i = 0; i < runtime->configured.count && error == 0; i++)
        error = scripts_find(&change->scripts, runtime->configured.paths[i]);
    if (error == 0)
        return change_begin(change);
    change_free(change);
    return error;
}

void runtime_cancel_change(struct runtime *runtime)
{
    if (runtime->change != NULL)
        change_fail(runtime->change, -ECANCELED, "it was cancelled");
}

/* ---- the runtime's ---- */

int runtime_set_scripts(struct runtime *runtime, const char *const *paths, size_t count)
{
    int error = 0;
    for (size_t i = 0; i < count && error == 0; i++)
        error = scripts_add(&runtime->configured, paths[i]);
    return error;
}

void runtime_set_watcher(struct runtime *runtime, runtime_changed_fn *watcher, void *context)
{
    runtime->watcher = watcher;
    runtime->watcher_context = context;
}

uint64_t runtime_generation(const struct runtime *runtime)
{
    return runtime->generation;
}

void generation_stop(struct runtime *runtime)
{
    runtime->watcher = NULL;
    if (runtime->change != NULL)
        loop_timer_stop(runtime->loop, &runtime->change->timer);
}

void generation_deinit(struct runtime *runtime)
{
    if (runtime->change != NULL)
        change_free(runtime->change);
    scripts_deinit(&runtime->configured);
    scripts_deinit(&runtime->present);
}
