/*
 * sockd check; see check.h.
 *
 * What names scripts can use is asked of a runtime like the one that would run them. The scripts
 * themselves are looked at in another machine, by lua/check.lua: there they are compiled and never
 * run. A configuration file is recognized by its call of sockd.cfg, and read as it would be.
 */
#include "check.h"

#include "binding/embedded.h"
#include "config/config.h"
#include "config/options.h"
#include "info.h"
#include "loop/loop.h"
#include "net/net.h"
#include "scripts/runtime_private.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/file.h"
#include "util/log.h"
#include "util/nearest.h"

#include <dirent.h>
#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>
#include <string.h>
#include <sys/stat.h>

#define CHECK_FILE ((size_t)16 << 20)

struct check {
    const struct options *options;
    lua_State *L;     /* the machine that looks at scripts */
    const char *path; /* of the file at hand */
    const char *text;
    size_t size;
    char *names; /* "global\n" and "global.field\n", "global.\n" in front of the latter */
    size_t names_size;
    bool wrong; /* something was */
};

/* ---- what is said ---- */

static void report(struct check *check, unsigned line, const char *message)
{
    char text[1024];
    struct escape out = {text, 0, sizeof text - 2};
    char where[32] = ": ";
    if (line > 0)
        snprintf(where, sizeof where, ":%u: ", line);
    escape_add_text(&out, check->path);
    escape_add_text(&out, where);
    escape_add_text(&out, message);
    text[out.length] = 0;
    puts(text);
    check->wrong = true;
}

/* ---- the names that scripts can use ---- */

/* Whether all the fields of the table on top of the stack are there to be seen. */
static bool is_plain(lua_State *L)
{
    if (lua_type(L, -1) != LUA_TTABLE || lua_rawequal(L, -1, LUA_GLOBALSINDEX))
        return false;
    if (!lua_getmetatable(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

/* A memory stream has no memory of what it could not keep. */
struct names {
    FILE *out;
    bool lost;
};

static void add_name(struct names *names, const char *table, const char *dot, const char *name)
{
    if (fprintf(names->out, "%s%s%s\n", table, dot, name) < 0)
        names->lost = true;
}

static void list_fields(lua_State *L, struct names *names, const char *table)
{
    add_name(names, table, ".", "");
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING)
            add_name(names, table, ".", lua_tostring(L, -2));
}

static int list_names(lua_State *L)
{
    struct names *names = lua_touserdata(L, 1);
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            continue;
        const char *name = lua_tostring(L, -2);
        add_name(names, "", "", name);
        if (is_plain(L))
            list_fields(L, names, name);
    }
    return 0;
}

static int collect_names(struct check *check, struct vm *vm)
{
    struct names names = {open_memstream(&check->names, &check->names_size), false};
    if (!names.out)
        return -ENOMEM;
    int result = vm_protect(vm, list_names, &names, NULL);
    if (fclose(names.out) != 0 || names.lost || !check->names)
        result = -ENOMEM;
    return result;
}

/* Asks a runtime as the daemon has it, on a loop that never runs. */
static int ask_runtime(struct check *check, struct net *net)
{
    struct runtime_config config = {.ffi = check->options->ffi, .service = true};
    struct runtime *runtime;
    int result = runtime_new(&runtime, net, &config);
    if (result < 0)
        return result;
    result = info_open(runtime, check->options, NULL);
    if (result == 0)
        result = collect_names(check, runtime->vm);
    runtime_free(runtime);
    return result;
}

static int find_names(struct check *check)
{
    struct net_config config = {.lookup_threads = 1};
    struct loop *loop;
    struct net *net;
    int result = loop_new(&loop);
    if (result < 0)
        return result;
    result = net_new(&net, loop, &config);
    if (result == 0) {
        result = ask_runtime(check, net);
        net_free(net);
    }
    loop_free(loop);
    return result;
}

/* ---- the machine that looks at scripts ---- */

/* known[name] = true, or a table of its fields. */
static void push_known(lua_State *L, const struct check *check)
{
    lua_newtable(L);
    for (const char *at = check->names, *end; (end = strchr(at, '\n')); at = end + 1) {
        const char *dot = memchr(at, '.', (size_t)(end - at));
        lua_pushlstring(L, at, (size_t)((dot ? dot : end) - at));
        if (!dot) {
            lua_pushboolean(L, true);
            lua_rawset(L, -3);
        } else if (dot + 1 == end) {
            lua_newtable(L);
            lua_rawset(L, -3);
        } else {
            lua_rawget(L, -2);
            lua_pushlstring(L, dot + 1, (size_t)(end - dot - 1));
            lua_pushboolean(L, true);
            lua_rawset(L, -3);
            lua_pop(L, 1);
        }
    }
    lua_pushboolean(L, true); /* of a script that `sockd run` runs */
    lua_setfield(L, -2, "arg");
}

/* nearest(word, names): the key of the table that is meant, or nil */
static int find_nearest(lua_State *L)
{
    size_t length;
    struct nearest nearest;
    const char *word = luaL_checklstring(L, 1, &length);
    nearest_init(&nearest, word, length);
    for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING)
            nearest_offer(&nearest, lua_tostring(L, -2));
    lua_pushstring(L, nearest.best);
    return 1;
}

static int open_machine(lua_State *L)
{
    const struct check *check = lua_touserdata(L, 1);
    const struct embedded *chunk = &embedded_check[0];
    luaL_openlibs(L);
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    if (luaL_loadbufferx(L, (const char *)chunk->text, chunk->size, chunk->name, "t") != 0)
        return lua_error(L);
    push_known(L, check);
    lua_pushcfunction(L, find_nearest);
    lua_call(L, 2, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "check");
    return 0;
}

/* Calls lua/check.lua's function and reports what it returns. */
static int look(lua_State *L)
{
    struct check *check = lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "check");
    lua_pushlstring(L, check->text, check->size);
    lua_call(L, 1, 1);
    int count = (int)lua_objlen(L, -1);
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        report(check, (unsigned)lua_tointeger(L, -2), lua_tostring(L, -1));
        lua_pop(L, 3);
    }
    return 0;
}

/* ---- a file ---- */

static int check_script(struct check *check)
{
    int status = lua_cpcall(check->L, look, check);
    if (status == 0)
        return 0;
    if (status == LUA_ERRMEM)
        return -ENOMEM;
    report(check, 0, lua_tostring(check->L, -1));
    lua_settop(check->L, 0);
    return 0;
}

/* Its values are checked as well, which takes running it, where it can do nothing. */
static int check_configuration(struct check *check)
{
    struct options options;
    char reason[1024];
    int result = options_init(&options);
    if (result == 0)
        result =
            config_parse(&options, check->path, check->text, check->size, reason, sizeof reason);
    options_deinit(&options);
    if (result == -ENOMEM)
        return result;
    if (result < 0) {
        puts(reason);
        check->wrong = true;
    }
    return 0;
}

static int check_file(struct check *check, const char *path, bool is_configuration)
{
    CLEANUP(freep) char *text = NULL;
    check->path = path;
    int result = file_read(path, CHECK_FILE, &text, &check->size);
    if (result < 0) {
        report(check, 0, strerror(-result));
        return 0;
    }
    check->text = text;
    if (is_configuration || config_recognize(text, check->size))
        return check_configuration(check);
    return check_script(check);
}

/* ---- which files ---- */

static int is_script(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".lua") == 0;
}

/* Those that --load would load. */
static int check_folder(struct check *check, const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_script, alphasort);
    int result = 0;
    if (count < 0) {
        check->path = path;
        report(check, 0, strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        CLEANUP(freep) char *name = NULL;
        if (result == 0 && asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0)
            result = -ENOMEM;
        if (result == 0)
            result = check_file(check, name, false);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return result;
}

static int check_path(struct check *check, const char *path)
{
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return check_folder(check, path);
    return check_file(check, path, false);
}

static int check_all(struct check *check)
{
    const struct options *options = check->options;
    int result = options->config ? check_file(check, options->config, true) : 0;
    for (int i = 0; i < options->argument_count && result == 0; i++)
        result = check_path(check, options->arguments[i]);
    return result;
}

int check_files(const struct options *options)
{
    struct check check = {.options = options};
    int result = find_names(&check);
    check.L = result == 0 ? luaL_newstate() : NULL;
    if (result == 0)
        result = check.L && lua_cpcall(check.L, open_machine, &check) == 0 ? 0 : -ENOMEM;
    if (result == 0)
        result = check_all(&check);
    if (check.L)
        lua_close(check.L);
    free(check.names);
    if (result < 0)
        log_write(LOG_ERROR, "cannot check: %s", strerror(-result));
    bool lost = fflush(stdout) != 0 || ferror(stdout);
    if (lost)
        log_write(LOG_ERROR, "standard output: %s", strerror(errno));
    return result < 0 || check.wrong || lost ? EXIT_FAILURE : EXIT_SUCCESS;
}
