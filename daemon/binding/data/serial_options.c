/*
 * Settings of the modules json and msgpack, and the modules around them; see serial.h.
 *
 * Each module has its settings in a userdata, which its functions have as their upvalue. The table
 * `cfg` shows them, and changes them when it is called.
 */
#include "binding/binding_private.h"
#include "binding/data/cdata.h"
#include "binding/data/serial.h"
#include "binding/failure.h"
#include "binding/stack.h"

#include <lauxlib.h>
#include <string.h>

static const struct serial_options serial_defaults = {
    .encode_max_depth = 128,
    .decode_max_depth = 128,
    .encode_number_precision = 14,
    .encode_sparse_ratio = 2,
    .encode_sparse_safe = 10,
    .encode_sparse_convert = true,
    .encode_invalid_numbers = true,
    .encode_load_metatables = true,
    .decode_invalid_numbers = true,
    .decode_save_metatables = true,
};

#define NUMBER(name)                                        \
    {                                                       \
#name, offsetof(struct serial_options, name), false \
    }
#define SWITCH(name)                                       \
    {                                                      \
#name, offsetof(struct serial_options, name), true \
    }

static const struct serial_row {
    const char *name;
    size_t offset;
    bool is_switch; /* else an int */
} serial_rows[] = {
    NUMBER(encode_max_depth),       NUMBER(decode_max_depth),      NUMBER(encode_number_precision),
    NUMBER(encode_sparse_ratio),    NUMBER(encode_sparse_safe),    SWITCH(encode_sparse_convert),
    SWITCH(encode_deep_as_nil),     SWITCH(encode_invalid_as_nil), SWITCH(encode_invalid_numbers),
    SWITCH(encode_load_metatables), SWITCH(encode_use_tostring),   SWITCH(decode_invalid_numbers),
    SWITCH(decode_save_metatables),
};

#define SERIAL_ROWS (sizeof serial_rows / sizeof serial_rows[0])

static void *serial_place(struct serial_options *options, const struct serial_row *row)
{
    return (char *)options + row->offset;
}

static void serial_push_option(lua_State *L, struct serial_options *options,
                               const struct serial_row *row)
{
    if (row->is_switch)
        lua_pushboolean(L, *(const bool *)serial_place(options, row));
    else
        lua_pushinteger(L, *(const int *)serial_place(options, row));
}

/* Sets it to the value on top of the stack. */
static void serial_set_option(lua_State *L, struct serial_options *options,
                              const struct serial_row *row)
{
    if (row->is_switch) {
        *(bool *)serial_place(options, row) = lua_toboolean(L, -1);
        return;
    }
    if (!lua_isnumber(L, -1))
        failure_throw(L, "%s must be a number", row->name);
    lua_Number number = lua_tonumber(L, -1);
    if (!(number >= 0 && number <= INT32_MAX))
        failure_throw(L, "%s must be 0 or more, and less than 2^31", row->name);
    *(int *)serial_place(options, row) = (int)number;
}

/* What the table says; unknown names are none of ours. */
static void serial_set_options(lua_State *L, int index, struct serial_options *options)
{
    for (size_t i = 0; i < SERIAL_ROWS; i++) {
        lua_getfield(L, index, serial_rows[i].name);
        if (!lua_isnil(L, -1))
            serial_set_option(L, options, &serial_rows[i]);
        lua_pop(L, 1);
    }
}

const struct serial_options *serial_options(lua_State *L, int index, struct serial_options *own)
{
    const struct serial_options *options = lua_touserdata(L, lua_upvalueindex(1));
    if (lua_isnoneornil(L, index))
        return options;
    luaL_checktype(L, index, LUA_TTABLE);
    stack_check(L); /* the table may have a metatable */
    *own = *options;
    serial_set_options(L, index, own);
    return own;
}

/* ---- modules ---- */

static void serial_show_options(lua_State *L, int cfg, struct serial_options *options)
{
    for (size_t i = 0; i < SERIAL_ROWS; i++) {
        serial_push_option(L, options, &serial_rows[i]);
        lua_setfield(L, cfg, serial_rows[i].name);
    }
}

/* cfg(table): all of it, or, if something in it is wrong, nothing. */
static int serial_configure(lua_State *L)
{
    struct serial_options *options = lua_touserdata(L, lua_upvalueindex(1)), changed = *options;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    serial_set_options(L, 2, &changed);
    *options = changed;
    serial_show_options(L, 1, options);
    return 0;
}

static void serial_push_cfg(lua_State *L, int options)
{
    lua_newtable(L);
    serial_show_options(L, lua_gettop(L), lua_touserdata(L, options));
    lua_newtable(L);
    lua_pushvalue(L, options);
    lua_pushcclosure(L, serial_configure, 1);
    lua_setfield(L, -2, "__call");
    lua_setmetatable(L, -2);
}

static int serial_new(lua_State *L)
{
    serial_module(L, lua_tocfunction(L, lua_upvalueindex(1)),
                  lua_tocfunction(L, lua_upvalueindex(2)));
    return 1;
}

static void serial_set_function(lua_State *L, int options, lua_CFunction fn, const char *name)
{
    lua_pushvalue(L, options);
    lua_pushcclosure(L, fn, 1);
    lua_setfield(L, -2, name);
}

static void serial_set_constants(lua_State *L)
{
    struct binding *binding = binding_of(L);
    cdata_push_null(L);
    lua_setfield(L, -2, "NULL");
    lua_rawgeti(L, LUA_REGISTRYINDEX, binding->array_meta);
    lua_setfield(L, -2, "array_mt");
    lua_rawgeti(L, LUA_REGISTRYINDEX, binding->map_meta);
    lua_setfield(L, -2, "map_mt");
}

void serial_module(lua_State *L, lua_CFunction encode, lua_CFunction decode)
{
    struct serial_options *options = lua_newuserdata(L, sizeof *options);
    int upvalue = lua_gettop(L);
    *options = serial_defaults;
    lua_newtable(L);
    serial_set_function(L, upvalue, encode, "encode");
    serial_set_function(L, upvalue, decode, "decode");
    serial_push_cfg(L, upvalue);
    lua_setfield(L, -2, "cfg");
    lua_pushcfunction(L, encode);
    lua_pushcfunction(L, decode);
    lua_pushcclosure(L, serial_new, 2);
    lua_setfield(L, -2, "new");
    serial_set_constants(L);
    lua_remove(L, upvalue);
}

/* ---- the metatables of decoded tables ---- */

/* __newindex: a table that a script adds to is one of the script's own. */
static int serial_unmark(lua_State *L)
{
    lua_settop(L, 3);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushnil(L);
    lua_setmetatable(L, 1);
    lua_rawset(L, 1);
    return 0;
}

static int serial_make_meta(lua_State *L, const char *serialize)
{
    lua_newtable(L);
    lua_pushstring(L, serialize);
    lua_setfield(L, -2, "__serialize");
    lua_pushcfunction(L, serial_unmark);
    lua_setfield(L, -2, "__newindex");
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

void serial_open(lua_State *L, struct binding *binding)
{
    binding->array_meta = serial_make_meta(L, "seq");
    binding->map_meta = serial_make_meta(L, "map");
}

void serial_mark(lua_State *L, const struct serial_options *options, bool array)
{
    const struct binding *binding = binding_of(L);
    if (!options->decode_save_metatables)
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, array ? binding->array_meta : binding->map_meta);
    lua_setmetatable(L, -2);
}
