/*
 * Running scripts: handler scripts, each in an environment of its own, one after the other; and
 * the main script of `sockd run`.
 *
 * A load lives until it has told its caller how it went. Each of its steps is a task of the loop:
 * compile the next file, let a fiber run it, and when the fiber has ended, go on.
 */
#include "scripts/load.h"

#include "scripts/environment.h"
#include "scripts/runtime_private.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file.h"

#include <lauxlib.h>
#include <string.h>

struct load {
    struct list link;
    struct runtime *runtime;
    struct load_request request;
    struct loop_task step;
    struct fiber *fiber; /* runs the current file */
    size_t next;
    char *text; /* of the current file */
    size_t size;
    int error;    /* whether something has gone wrong: -EREMOTEIO, -ENOMEM */
    char *reason; /* what; NULL: there is not even memory for that */
};

static void load_free(struct load *load)
{
    loop_defer_cancel(load->runtime->loop, &load->step);
    list_unlink(&load->link);
    free(load->text);
    free(load->reason);
    free(load);
}

void load_abandon_all(struct runtime *runtime)
{
    LIST_FOREACH_SAFE (link, &runtime->loads)
        load_free(CONTAINER_OF(link, struct load, link));
}

void load_abort(struct load *load)
{
    struct fiber *fiber = load->fiber;
    load_free(load);
    if (fiber == NULL)
        return;
    fiber_set_maker(fiber, NULL, NULL);
    fiber_cancel(fiber);
}

/* ---- what goes wrong ---- */

/* Consumes the reason; without one it is the want of memory. */
static void load_fail(struct load *load, int error, char *reason)
{
    load->error = reason != NULL ? error : -ENOMEM;
    load->reason = reason;
}

/* ---- a file ---- */

static const char *load_file(const struct load *load)
{
    return load->request.scripts->paths[load->next];
}

/* The global `arg`: the script at 0, its arguments from 1. */
static void load_set_arg(lua_State *L, const struct load *load)
{
    lua_createtable(L, load->request.argument_count, 1);
    for (int i = 0; i < load->request.argument_count; i++) {
        lua_pushstring(L, load->request.arguments[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
}

static void load_push_arguments(lua_State *L, const struct load *load)
{
    luaL_checkstack(L, load->request.argument_count, "too many arguments");
    for (int i = 1; i < load->request.argument_count; i++)
        lua_pushstring(L, load->request.arguments[i]);
}

/* Gives the chunk on top of the stack an environment, which scripts' names are looked up in. */
static void load_set_environment(lua_State *L, const struct load *load)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, load->request.environments);
    environment_push(L);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (int)lua_objlen(L, -3) + 1);
    lua_setfenv(L, -3);
    lua_pop(L, 1);
}

/* A main program may come from a pipe: nobody else is kept waiting. */
static void load_read(struct load *load)
{
    const char *path = load_file(load);
    int error = load->request.arguments != NULL
                    ? file_read_any(path, FILE_SCRIPT_MAX, &load->text, &load->size)
                    : file_read(path, FILE_SCRIPT_MAX, &load->text, &load->size);
    char *reason = NULL;
    if (error < 0 && error != -ENOMEM &&
        asprintf(&reason, "cannot open %s: %s", path, strerror(-error)) < 0)
        reason = NULL;
    if (error < 0)
        load_fail(load, -EREMOTEIO, reason);
}

static int load_compile_text(lua_State *L, const struct load *load)
{
    lua_pushfstring(L, "@%s", load_file(load));
    int status = luaL_loadbufferx(L, load->text, load->size, lua_tostring(L, -1), "t");
    lua_remove(L, -2);
    return status;
}

static int load_compile(lua_State *L)
{
    struct load *load = lua_touserdata(L, 1);
    int status = load_compile_text(L, load);
    if (status != 0) {
        load_fail(load, status == LUA_ERRMEM ? -ENOMEM : -EREMOTEIO, strdup(lua_tostring(L, -1)));
        return 0;
    }
    if (load->request.arguments != NULL) {
        load_set_arg(L, load);
        load_push_arguments(L, load);
        load->fiber = fiber_new(L, load->request.argument_count - 1);
    } else {
        load_set_environment(L, load);
        load->fiber = fiber_new(L, 0);
    }
    return 0;
}

static void load_ended(struct fiber *fiber, void *context, int status)
{
    struct load *load = context;
    load->fiber = NULL;
    if (status == FIBER_ABANDONED)
        return;
    if (status != 0)
        load_fail(load, -EREMOTEIO, fiber_error_text(fiber));
    load->next++;
    loop_defer(load->runtime->loop, &load->step);
}

static const struct fiber_maker load_maker = {.ended = load_ended};

static void load_start_file(struct load *load)
{
    const char *slash = strrchr(load_file(load), '/');
    const char *name = slash != NULL ? slash + 1 : load_file(load);
    size_t length = strlen(name);
    fiber_set_name(load->fiber, name, length < FIBER_NAME_MAX ? length : FIBER_NAME_MAX);
    fiber_set_origin(load->fiber, load->request.origin);
    fiber_set_maker(load->fiber, &load_maker, load);
    fiber_start(load->fiber);
}

/* ---- one after the other ---- */

static void load_end(struct load *load)
{
    struct load_request request = load->request;
    CLEANUP(freep) char *reason = STEAL(load->reason);
    int error = load->error;
    const char *text = reason != NULL ? reason : VM_NO_MEMORY;
    load_free(load);
    request.done(request.context, error, error < 0 ? text : NULL);
}

/* The current file, up to the fiber that will run it. */
static void load_prepare(struct load *load)
{
    load_read(load);
    if (load->error == 0 && vm_protect(load->runtime->vm, load_compile, load, NULL) < 0)
        load_fail(load, -ENOMEM, NULL);
    free(STEAL(load->text));
}

static void load_step(struct loop_task *task)
{
    struct load *load = CONTAINER_OF(task, struct load, step);
    if (load->error < 0 || load->next == load->request.scripts->count) {
        load_end(load);
        return;
    }
    load_prepare(load);
    if (load->error == 0)
        load_start_file(load);
    else
        load_end(load);
}

int load_begin(struct runtime *runtime, const struct load_request *request, struct load **out)
{
    struct load *load = calloc(1, sizeof *load);
    if (load == NULL)
        return -ENOMEM;
    load->runtime = runtime;
    load->request = *request;
    loop_task_init(&load->step, load_step);
    list_append(&runtime->loads, &load->link);
    loop_defer(runtime->loop, &load->step);
    *out = load;
    return 0;
}
