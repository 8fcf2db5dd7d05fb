/*
 * Loading scripts into the runtime: handler scripts, each in an environment of its own, one after
 * the other; and the main script of `sockd run`.
 *
 * A load lives until it has told its caller how it went. Each of its steps is a task of the loop:
 * compile the next file, let a fiber run it, and when the fiber has ended, go on.
 */
#include "runtime_private.h"

#include "util/cleanup.h"
#include "util/error.h"

#include <dirent.h>
#include <lauxlib.h>
#include <string.h>
#include <sys/stat.h>

struct load {
    struct list link;
    struct runtime *runtime;
    struct loop_task step;
    struct fiber *fiber; /* runs the current file */
    char **files;
    size_t count, next;
    char **arguments; /* of the main script, whose file is the only one; else NULL */
    int argument_count;
    char *error; /* what has gone wrong */
    runtime_loaded_fn *done;
    void *context;
};

static void load_free(struct load *load)
{
    loop_defer_cancel(load->runtime->loop, &load->step);
    list_unlink(&load->link);
    for (size_t i = 0; i < load->count; i++)
        free(load->files[i]);
    free(load->files);
    free(load->error);
    free(load);
}

void load_abandon_all(struct runtime *runtime)
{
    LIST_FOREACH_SAFE (link, &runtime->loads)
        load_free(CONTAINER_OF(link, struct load, link));
}

/* ---- a file ---- */

static const char *load_file(const struct load *load)
{
    return load->files[load->next];
}

/* The global `arg`: the script at 0, its arguments from 1. */
static void load_set_arg(lua_State *L, const struct load *load)
{
    lua_createtable(L, load->argument_count, 1);
    for (int i = 0; i < load->argument_count; i++) {
        lua_pushstring(L, load->arguments[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
}

static void load_push_arguments(lua_State *L, const struct load *load)
{
    luaL_checkstack(L, load->argument_count, "too many arguments");
    for (int i = 1; i < load->argument_count; i++)
        lua_pushstring(L, load->arguments[i]);
}

/* Gives the chunk on top of the stack an environment, which scripts' names are looked up in. */
static void load_set_environment(lua_State *L, const struct load *load)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, load->runtime->environments);
    runtime_push_environment(L);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, (int)lua_objlen(L, -3) + 1);
    lua_setfenv(L, -3);
    lua_pop(L, 1);
}

static int load_compile(lua_State *L)
{
    struct load *load = lua_touserdata(L, 1);
    if (luaL_loadfilex(L, load_file(load), "t") != 0) {
        load->error = strdup(lua_tostring(L, -1));
        return 0;
    }
    if (load->arguments != NULL) {
        load_set_arg(L, load);
        load_push_arguments(L, load);
        load->fiber = fiber_new(L, load->argument_count - 1);
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
        load->error = fiber_error_text(fiber);
    load->next++;
    loop_defer(load->runtime->loop, &load->step);
}

static void load_start_file(struct load *load)
{
    const char *slash = strrchr(load_file(load), '/');
    const char *name = slash != NULL ? slash + 1 : load_file(load);
    size_t length = strlen(name);
    fiber_set_name(load->fiber, name, length < FIBER_NAME_MAX ? length : FIBER_NAME_MAX);
    fiber_set_ended(load->fiber, load_ended, load);
    fiber_start(load->fiber);
}

/* ---- one after the other ---- */

static void load_end(struct load *load)
{
    struct load ended = *load;
    load->error = NULL; /* consumed */
    load_free(load);
    ended.done(ended.context, ended.error);
    free(ended.error);
}

static void load_step(struct loop_task *task)
{
    struct load *load = CONTAINER_OF(task, struct load, step);
    if (load->error == NULL && load->next < load->count) {
        if (vm_protect(load->runtime->vm, load_compile, load, NULL) == 0 && load->error == NULL) {
            load_start_file(load);
            return;
        }
        if (load->error == NULL)
            load->error = strdup("not enough memory");
    }
    load_end(load);
}

/* ---- which files ---- */

static int load_add(struct load *load, const char *folder, const char *name)
{
    char **files = reallocarray(load->files, load->count + 1, sizeof *files);
    if (files == NULL)
        return -ENOMEM;
    load->files = files;
    if (asprintf(&files[load->count], "%s%s%s", folder, *folder != 0 ? "/" : "", name) < 0)
        return -ENOMEM;
    load->count++;
    return 0;
}

static int load_is_script(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".lua") == 0;
}

static int load_add_folder(struct load *load, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, load_is_script, alphasort);
    int error = count < 0 ? -errno : 0;
    for (int i = 0; i < count; i++) {
        if (error == 0)
            error = load_add(load, path, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return error;
}

static int load_find_files(struct load *load, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return load_add_folder(load, path);
    return load_add(load, "", path); /* a file that is not there fails when it is opened */
}

/* ---- beginning ---- */

static int load_begin(struct runtime *runtime, const char *path, const struct load *model)
{
    struct load *load = calloc(1, sizeof *load);
    if (load == NULL)
        return -ENOMEM;
    *load = *model;
    load->runtime = runtime;
    loop_task_init(&load->step, load_step);
    list_append(&runtime->loads, &load->link);
    int error = load_find_files(load, path);
    if (error < 0)
        load_free(load);
    else
        loop_defer(runtime->loop, &load->step);
    return error;
}

int runtime_load(struct runtime *runtime, const char *path, runtime_loaded_fn *done, void *context)
{
    struct load model = {.done = done, .context = context};
    return load_begin(runtime, path, &model);
}

int runtime_run(struct runtime *runtime, char **arguments, int count, runtime_loaded_fn *done,
                void *context)
{
    struct load model = {
        .arguments = arguments, .argument_count = count, .done = done, .context = context};
    return load_begin(runtime, arguments[0], &model);
}
