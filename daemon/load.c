/*
 * Running scripts: handler scripts, each in an environment of its own, one after the other; and
 * the main script of `sockd run`.
 *
 * A load lives until it has told its caller how it went. Each of its steps is a task of the loop:
 * compile the next file, let a fiber run it, and when the fiber has ended, go on.
 */
#include "load.h"

#include "runtime_private.h"
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
    bool failed;
    char *error; /* what has gone wrong, or NULL: no memory to say it */
};

static void load_free(struct load *load)
{
    loop_defer_cancel(load->runtime->loop, &load->step);
    list_unlink(&load->link);
    free(load->error);
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
    runtime_push_environment(L);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (int)lua_objlen(L, -3) + 1);
    lua_setfenv(L, -3);
    lua_pop(L, 1);
}

/* Of a handler script: reading it must not wait, as a FIFO would make it. The program of `sockd
 * run` may come from wherever it likes. Like luaL_loadfilex. */
static int load_read(lua_State *L, const struct load *load)
{
    const char *path = load_file(load);
    if (load->request.arguments != NULL)
        return luaL_loadfilex(L, path, "t");
    CLEANUP(freep) char *text = NULL;
    size_t size;
    int error = file_read(path, FILE_SCRIPT_MAX, &text, &size);
    if (error < 0) {
        lua_pushfstring(L, "cannot open %s: %s", path, strerror(-error));
        return LUA_ERRFILE;
    }
    lua_pushfstring(L, "@%s", path);
    int status = luaL_loadbufferx(L, text, size, lua_tostring(L, -1), "t");
    lua_remove(L, -2);
    return status;
}

static int load_compile(lua_State *L)
{
    struct load *load = lua_touserdata(L, 1);
    if (load_read(L, load) != 0) {
        load->error = strdup(lua_tostring(L, -1));
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
    load->failed = status != 0;
    if (load->failed)
        load->error = fiber_error_text(fiber);
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
    CLEANUP(freep) char *error = STEAL(load->error);
    const char *text = error != NULL ? error : VM_NO_MEMORY;
    bool failed = load->failed;
    load_free(load);
    request.done(request.context, failed ? text : NULL);
}

static void load_step(struct loop_task *task)
{
    struct load *load = CONTAINER_OF(task, struct load, step);
    if (!load->failed && load->next < load->request.scripts->count) {
        if (vm_protect(load->runtime->vm, load_compile, load, NULL) == 0 && load->fiber != NULL) {
            load_start_file(load);
            return;
        }
        load->failed = true;
    }
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
