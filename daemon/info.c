/*
 * sockd.info; see info.h. It is an empty table whose fields are made when they are asked for, each
 * time anew: what a script does to them changes nothing for others.
 */
#include "info.h"

#include "config/options_table.h"
#include "scripts/runtime_private.h"
#include "util/error.h"

#include <lauxlib.h>
#include <string.h>
#include <unistd.h>

struct info {
    const struct options *options;
    const char *socket_path;
    uint64_t started;
};

/* ---- fields ---- */

static void push_list(lua_State *L, const struct options_value *value)
{
    lua_createtable(L, (int)value->count, 0);
    for (size_t i = 0; i < value->count; i++) {
        lua_pushstring(L, value->items[i]);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

static void push_value(lua_State *L, const struct options_value *value)
{
    switch (value->type) {
    case OPTIONS_TEXT:
        lua_pushstring(L, value->text);
        break;
    case OPTIONS_NUMBER:
        lua_pushnumber(L, value->number);
        break;
    case OPTIONS_BOOLEAN:
        lua_pushboolean(L, value->boolean);
        break;
    case OPTIONS_LIST:
        push_list(L, value);
        break;
    case OPTIONS_NOTHING:
        lua_pushnil(L);
        break;
    }
}

static void push_version(lua_State *L, const struct info *info)
{
    (void)info;
    lua_pushliteral(L, SOCKD_VERSION);
}

static void push_pid(lua_State *L, const struct info *info)
{
    (void)info;
    lua_pushinteger(L, getpid());
}

static void push_uptime(lua_State *L, const struct info *info)
{
    lua_pushnumber(L, (double)(loop_now() - info->started) / (double)LOOP_SECOND);
}

static void push_socket(lua_State *L, const struct info *info)
{
    lua_pushstring(L, info->socket_path); /* nil without one */
}

/* Those that are not given and have no default are not there. */
static void push_cfg(lua_State *L, const struct info *info)
{
    char key[OPTIONS_NAME];
    struct options_value value;
    lua_newtable(L);
    for (size_t i = 0; i < options_row_count; i++) {
        const struct options_row *row = &options_rows[i];
        if (!(row->where & OPTIONS_IN_FILE))
            continue;
        options_get(info->options, row, &value);
        push_value(L, &value);
        lua_setfield(L, -2, options_key(row, key));
    }
}

static const struct {
    const char *name;
    void (*push)(lua_State *L, const struct info *info);
} fields[] = {{"version", push_version},
              {"pid", push_pid},
              {"uptime", push_uptime},
              {"socket", push_socket},
              {"cfg", push_cfg}};

enum { FIELDS = sizeof fields / sizeof fields[0] };

/* ---- the table ---- */

static const struct info *info_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int info_index(lua_State *L)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    for (size_t i = 0; i < FIELDS; i++) {
        if (strcmp(fields[i].name, name) != 0)
            continue;
        fields[i].push(L, info_of(L));
        return 1;
    }
    return 0;
}

static int info_newindex(lua_State *L)
{
    return luaL_error(L, "sockd.info is read-only");
}

/* sockd.info(): all of it in a plain table, for pairs and for printing. */
static int info_call(lua_State *L)
{
    lua_createtable(L, 0, FIELDS);
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i].push(L, info_of(L));
        lua_setfield(L, -2, fields[i].name);
    }
    return 1;
}

static int info_make(lua_State *L)
{
    const struct info *model = lua_touserdata(L, 1);
    static const luaL_Reg methods[] = {{"__index", info_index},
                                       {"__newindex", info_newindex},
                                       {"__call", info_call},
                                       {NULL, NULL}};
    lua_getglobal(L, "sockd");
    lua_newtable(L);
    lua_newtable(L);
    for (const luaL_Reg *method = methods; method->name; method++) {
        *(struct info *)lua_newuserdata(L, sizeof *model) = *model;
        lua_pushcclosure(L, method->func, 1);
        lua_setfield(L, -2, method->name);
    }
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_setfield(L, -2, "info");
    return 0;
}

int info_open(struct runtime *runtime, const struct options *options, const char *socket_path)
{
    struct info info = {options, socket_path, loop_now()};
    return vm_protect(runtime->vm, info_make, &info, NULL);
}
