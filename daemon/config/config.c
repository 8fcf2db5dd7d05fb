/* The configuration file's machine and what sockd.cfg does; see config.h. */
#include "config/config.h"

#include "config/nursery.h"
#include "config/options_table.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/escape.h"
#include "util/file.h"

#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* What a file may be, hold and do. */
#define CONFIG_FILE   ((size_t)1 << 20)
#define CONFIG_MEMORY ((size_t)8 << 20)
#define CONFIG_SLICE  1000 /* instructions between two looks at their number */
#define CONFIG_SLICES 1000

/* The chunk's name, which messages of Lua begin with; ours begin with the file's. */
#define CONFIG_CHUNK  "config"

struct config {
    struct options *options;
    const char *name, *text;
    size_t size;
    char *reason;
    size_t reason_size;
    struct nursery nursery;
    size_t memory; /* that the machine holds */
    bool refused;  /* it wanted more than it may */
    unsigned slices;
    int result;
};

/* ---- what went wrong ---- */

/* The first reason stays. */
__attribute__((format(printf, 3, 4))) static void complain(struct config *config, unsigned line,
                                                           const char *format, ...)
{
    char text[1024];
    struct escape out = {config->reason, 0, config->reason_size - 1};
    if (config->result < 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char where[32] = ": ";
    if (line > 0)
        snprintf(where, sizeof where, ":%u: ", line);
    escape_add_text(&out, config->name);
    escape_add_text(&out, where);
    escape_add_text(&out, text);
    config->reason[out.length] = 0;
    config->result = -EINVAL;
}

/* The line where the function at that level of the stack is: 1 is who called ours. */
static unsigned line_at(lua_State *L, int level)
{
    lua_Debug call;
    if (!lua_getstack(L, level, &call) || !lua_getinfo(L, "l", &call) || call.currentline < 0)
        return 0;
    return (unsigned)call.currentline;
}

/* The line that gives the option its value, as far as it can be told. */
static unsigned line_of(lua_State *L, const struct config *config, const char *key)
{
    unsigned line = config_line_of(config->text, config->size, key);
    return line > 0 ? line : line_at(L, 1);
}

/* Ends the run. What is said has been said. */
static int give_up(lua_State *L)
{
    lua_pushnil(L);
    return lua_error(L);
}

/* An error of Lua's own: "config:7: …", or anything. */
static void complain_of_lua(struct config *config, const char *message)
{
    static const char chunk[] = CONFIG_CHUNK ":";
    unsigned line = 0;
    if (strncmp(message, chunk, sizeof chunk - 1) == 0) {
        char *end;
        line = (unsigned)strtoul(message + sizeof chunk - 1, &end, 10);
        message = strncmp(end, ": ", 2) == 0 ? end + 2 : end;
    }
    complain(config, line, "%s", message);
}

/* ---- sockd.cfg ---- */

static const char *describe(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TSTRING || lua_type(L, index) == LUA_TNUMBER) {
        lua_pushvalue(L, index);
        return lua_pushfstring(L, "'%s'", lua_tostring(L, -1));
    }
    if (lua_type(L, index) == LUA_TBOOLEAN)
        return lua_toboolean(L, index) ? "true" : "false";
    return lua_pushfstring(L, "a %s", luaL_typename(L, index));
}

static int refuse_value(lua_State *L, struct config *config, const struct options_row *row)
{
    char key[OPTIONS_NAME];
    options_key(row, key);
    complain(config, line_of(L, config, key), "%s: expected %s, got %s", key, row->kind->expected,
             describe(L, lua_gettop(L)));
    return give_up(L);
}

/* All digits of it: Lua's own text of a number has 14. */
static void push_number(lua_State *L, lua_Number number)
{
    char text[32];
    bool whole = fabs(number) < 1e18 && number == floor(number);
    snprintf(text, sizeof text, whole ? "%.0f" : "%.17g", number);
    lua_pushstring(L, text);
}

/* The value on top of the stack as the command line would have it; NULL: it cannot be. */
static const char *value_text(lua_State *L, const struct config *config,
                              const struct options_row *row)
{
    static const unsigned types[] = {
        [LUA_TBOOLEAN] = OPTIONS_BOOLEAN,
        [LUA_TNUMBER] = OPTIONS_NUMBER,
        [LUA_TSTRING] = OPTIONS_TEXT,
    };
    size_t type = (size_t)lua_type(L, -1), length;
    if (type >= sizeof types / sizeof types[0] || !(types[type] & row->kind->types))
        return NULL;
    if (type == LUA_TBOOLEAN)
        return lua_toboolean(L, -1) ? "true" : "false";
    if (type == LUA_TNUMBER)
        push_number(L, lua_tonumber(L, -1));
    else
        lua_pushvalue(L, -1);
    const char *text = lua_tolstring(L, -1, &length);
    bool whole = strlen(text) == length; /* no path has a byte 0 in it */
    const char *kept = whole ? options_keep(config->options, text, length) : NULL;
    if (whole && !kept)
        luaL_error(L, "not enough memory");
    lua_pop(L, 1);
    return kept;
}

static void set_value(lua_State *L, struct config *config, const struct options_row *row)
{
    const char *text = value_text(L, config, row);
    int result = text ? options_set(config->options, row, text) : -EINVAL;
    if (result == -ENOMEM)
        luaL_error(L, "not enough memory");
    if (result < 0)
        refuse_value(L, config, row);
}

/* One text, or a list of them. */
static void set_values(lua_State *L, struct config *config, const struct options_row *row)
{
    if (!lua_istable(L, -1) || !(row->kind->types & OPTIONS_LIST)) {
        set_value(L, config, row);
        return;
    }
    int count = (int)lua_objlen(L, -1), keys = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        keys++;
    if (keys != count) /* {name = …} is no list */
        refuse_value(L, config, row);
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        set_value(L, config, row);
        lua_pop(L, 1);
    }
}

/* Names are reported in the order of the alphabet, whatever the order of the table. */
static void refuse_key(lua_State *L, struct config *config, const char *key)
{
    const char *meant = options_suggest(key, strlen(key), OPTIONS_IN_FILE);
    const struct options_row *row = meant ? options_find(meant, strlen(meant)) : NULL;
    char own[OPTIONS_NAME];
    unsigned line = line_of(L, config, key);
    if (row)
        complain(config, line, "unknown option %s; did you mean %s?", key, options_key(row, own));
    else
        complain(config, line, "unknown option %s", key);
    give_up(L);
}

static bool is_key(const char *name)
{
    char key[OPTIONS_NAME];
    for (size_t i = 0; i < options_row_count; i++)
        if (options_rows[i].where & OPTIONS_IN_FILE &&
            !strcmp(options_key(&options_rows[i], key), name))
            return true;
    return false;
}

static void check_keys(lua_State *L, struct config *config)
{
    const char *first = NULL;
    for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING) {
            complain(config, line_at(L, 1), "sockd.cfg: expected option = value, got %s",
                     describe(L, lua_gettop(L)));
            give_up(L);
        }
        const char *key = lua_tostring(L, -2);
        if (!is_key(key) && (!first || strcmp(key, first) < 0))
            first = key; /* the table keeps it */
    }
    if (first)
        refuse_key(L, config, first);
}

/* sockd.cfg{option = value, …}: in the order of the table of options */
static int cfg(lua_State *L)
{
    struct config *config = lua_touserdata(L, lua_upvalueindex(1));
    char key[OPTIONS_NAME];
    lua_settop(L, 1);
    if (!lua_istable(L, 1)) {
        complain(config, line_at(L, 1), "sockd.cfg: expected a table {option = value, …}");
        return give_up(L);
    }
    check_keys(L, config);
    for (size_t i = 0; i < options_row_count; i++) {
        const struct options_row *row = &options_rows[i];
        lua_pushstring(L, options_key(row, key));
        lua_rawget(L, 1);
        if (!lua_isnil(L, -1) && row->where & OPTIONS_IN_FILE)
            set_values(L, config, row);
        lua_settop(L, 1);
    }
    return 0;
}

/* ---- the machine ---- */

static void *allocate(void *context, void *block, size_t old_size, size_t new_size)
{
    struct config *config = context;
    size_t had = block ? old_size : 0;
    if (new_size > had && config->memory + (new_size - had) > CONFIG_MEMORY) {
        config->refused = true;
        return NULL;
    }
    void *result = nursery_change(&config->nursery, block, had, new_size);
    if (result || new_size == 0)
        config->memory = config->memory - had + new_size;
    return result;
}

static struct config *config_of(lua_State *L)
{
    void *context;
    lua_getallocf(L, &context);
    return context;
}

static void on_slice(lua_State *L, lua_Debug *debug)
{
    (void)debug;
    struct config *config = config_of(L);
    if (++config->slices <= CONFIG_SLICES)
        return;
    complain(config, line_at(L, 0), "it computes for too long");
    give_up(L);
}

/* A name that is nowhere is a mistake, not nil. */
static int on_unknown(lua_State *L)
{
    struct config *config = lua_touserdata(L, lua_upvalueindex(1));
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
    complain(config, line_at(L, 1), "there is no %s here", name);
    return give_up(L);
}

static int on_global(lua_State *L)
{
    struct config *config = lua_touserdata(L, lua_upvalueindex(1));
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
    complain(config, line_at(L, 1), "%s: options are set by sockd.cfg{%s = …}, variables are local",
             name, name);
    return give_up(L);
}

/* Of the standard library what can neither reach out, nor catch the end of the time, nor run for
 * long within one call. */
static const struct {
    const char *library; /* NULL: globals */
    const char *names[24];
} granted[] = {
    {NULL,
     {"assert", "error", "ipairs", "next", "pairs", "select", "tonumber", "tostring", "type"}},
    {"string", {"byte", "char", "format", "len", "lower", "rep", "reverse", "sub", "upper"}},
    {"table", {"concat", "insert", "remove"}},
    {"math", {"abs", "ceil", "floor", "huge", "max", "min", "modf", "pi"}},
};

/* From the table at `from` to the one on top, as far as it is granted. */
static void grant(lua_State *L, int from, const char *const *names)
{
    for (; *names; names++) {
        lua_getfield(L, from, *names);
        lua_setfield(L, -2, *names);
    }
}

static void set_method(lua_State *L, struct config *config, const char *name,
                       lua_CFunction function)
{
    lua_pushlightuserdata(L, config);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

static void push_globals(lua_State *L, struct config *config)
{
    lua_newtable(L);
    int globals = lua_gettop(L);
    grant(L, LUA_GLOBALSINDEX, granted[0].names);
    for (size_t i = 1; i < sizeof granted / sizeof granted[0]; i++) {
        lua_getglobal(L, granted[i].library);
        lua_newtable(L);
        grant(L, lua_gettop(L) - 1, granted[i].names);
        lua_setfield(L, globals, granted[i].library);
        lua_settop(L, globals);
    }
    lua_newtable(L);
    set_method(L, config, "cfg", cfg);
    lua_setfield(L, globals, "sockd");
    lua_newtable(L);
    set_method(L, config, "__index", on_unknown);
    set_method(L, config, "__newindex", on_global);
    lua_setmetatable(L, globals);
}

/* ("x"):rep(2) finds what is granted too. */
static void limit_strings(lua_State *L, int globals)
{
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_getfield(L, globals, "string");
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
}

static void open_library(lua_State *L, lua_CFunction function, const char *name)
{
    lua_pushcfunction(L, function);
    lua_pushstring(L, name);
    lua_call(L, 1, 0);
}

/* Compiles and runs the text. */
static int run(lua_State *L)
{
    struct config *config = lua_touserdata(L, 1);
    open_library(L, luaopen_base, "");
    open_library(L, luaopen_string, LUA_STRLIBNAME);
    open_library(L, luaopen_table, LUA_TABLIBNAME);
    open_library(L, luaopen_math, LUA_MATHLIBNAME);
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF); /* compiled code calls no hooks */
    lua_settop(L, 0);
    push_globals(L, config);
    limit_strings(L, 1);
    if (luaL_loadbufferx(L, config->text, config->size, "=" CONFIG_CHUNK, "t") != 0)
        return lua_error(L);
    lua_pushvalue(L, 1);
    lua_setfenv(L, -2);
    lua_sethook(L, on_slice, LUA_MASKCOUNT, CONFIG_SLICE);
    lua_call(L, 0, 0);
    return 0;
}

static void judge(struct config *config, lua_State *L, int status)
{
    if (status == 0 || config->result < 0)
        return;
    if (status == LUA_ERRMEM && !config->refused) {
        config->result = -ENOMEM; /* the machine's, not the file's fault */
        return;
    }
    const char *message = status == LUA_ERRMEM ? "it needs too much memory" : NULL;
    if (!message)
        message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "an error that is no text";
    complain_of_lua(config, message);
}

static int run_machine(struct config *config)
{
    lua_State *L = lua_newstate(allocate, config);
    if (!L)
        return -ENOMEM;
    nursery_leave(&config->nursery);
    int status = lua_cpcall(L, run, config);
    judge(config, L, status);
    lua_sethook(L, NULL, 0, 0);
    lua_close(L);
    return config->result;
}

int config_parse(struct options *options, const char *name, const char *text, size_t size,
                 char *reason, size_t reason_size)
{
    struct config config = {.options = options,
                            .name = name,
                            .text = text,
                            .size = size,
                            .reason = reason,
                            .reason_size = reason_size};
    int result = nursery_init(&config.nursery);
    if (result == 0)
        result = run_machine(&config);
    nursery_deinit(&config.nursery);
    return result;
}

/* ---- the file ---- */

int config_load(struct options *options, const char *path, char *reason, size_t reason_size)
{
    struct config config = {.name = path, .reason = reason, .reason_size = reason_size};
    CLEANUP(freep) char *text = NULL;
    size_t size;
    int result = file_read(path, CONFIG_FILE, &text, &size);
    if (result == 0)
        return config_parse(options, path, text, size, reason, reason_size);
    if (result == -ENOMEM)
        return result;
    complain(&config, 0, "%s", strerror(-result));
    return config.result;
}
