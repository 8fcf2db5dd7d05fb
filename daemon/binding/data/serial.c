/* How values are seen when they are encoded, and where the encoding goes; see serial.h. */
#include "binding/data/serial.h"

#include "binding/data/cdata.h"
#include "binding/failure.h"
#include "binding/stack.h"
#include "fiber/vm.h"
#include "util/error.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

/* ---- scalars ---- */

/* 2^63 and 2^64: the least whole numbers that do not fit. */
#define SERIAL_INT64_END  9223372036854775808.0
#define SERIAL_UINT64_END 18446744073709551616.0

/* Takes the place of a number that is none, where the settings do not want such. */
static void serial_invalid_number(lua_State *L, const struct serial_options *options,
                                  struct serial_value *out)
{
    if (!options->encode_invalid_as_nil)
        failure_throw(L, "number must not be NaN or Inf");
    out->kind = SERIAL_NIL;
}

static void serial_read_number(lua_State *L, const struct serial_options *options,
                               lua_Number number, struct serial_value *out)
{
    if (!isfinite(number) && !options->encode_invalid_numbers) {
        serial_invalid_number(L, options, out);
    } else if (number != floor(number) || number >= SERIAL_UINT64_END ||
               number < -SERIAL_INT64_END) {
        out->kind = SERIAL_DOUBLE;
        out->number = number;
    } else if (number < 0) {
        out->kind = SERIAL_INTEGER;
        out->integer = (int64_t)number;
    } else {
        out->kind = SERIAL_UNSIGNED;
        out->whole = (uint64_t)number;
    }
}

static void serial_read_integer(int64_t integer, struct serial_value *out)
{
    if (integer < 0) {
        out->kind = SERIAL_INTEGER;
        out->integer = integer;
    } else {
        out->kind = SERIAL_UNSIGNED;
        out->whole = (uint64_t)integer;
    }
}

static void serial_read_text(lua_State *L, struct serial_value *out)
{
    out->kind = SERIAL_STRING;
    out->text.data = lua_tolstring(L, -1, &out->text.length);
}

/* A function, a thread and the like. */
static void serial_read_odd(lua_State *L, const struct serial_options *options,
                            struct serial_value *out)
{
    if (options->encode_use_tostring) {
        stack_check(L);
        lua_getglobal(L, "tostring");
        lua_insert(L, -2);
        lua_call(L, 1, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            failure_throw(L, "'tostring' must return a string");
        serial_read_text(L, out);
    } else if (options->encode_invalid_as_nil) {
        out->kind = SERIAL_NIL;
    } else {
        failure_throw(L, "unsupported Lua type '%s'", luaL_typename(L, -1));
    }
}

/* An object of the ffi, or something odd. */
static void serial_read_cdata(lua_State *L, const struct serial_options *options,
                              struct serial_value *out)
{
    struct cdata cdata;
    cdata_read(L, lua_gettop(L), &cdata);
    switch (cdata.kind) {
    case CDATA_NULL:
        out->kind = SERIAL_NIL;
        return;
    case CDATA_INT64:
        serial_read_integer(cdata.integer, out);
        return;
    case CDATA_UINT64:
        out->kind = SERIAL_UNSIGNED;
        out->whole = cdata.whole;
        return;
    case CDATA_BOOLEAN:
        out->kind = SERIAL_BOOLEAN;
        out->boolean = cdata.boolean;
        return;
    case CDATA_NUMBER:
        serial_read_number(L, options, cdata.number, out);
        return;
    default:
        serial_read_odd(L, options, out);
    }
}

/* ---- tables ---- */

/* The key below the top of the stack as a place in an array, or 0. */
static lua_Number serial_place_of_key(lua_State *L)
{
    lua_Number key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
    return key >= 1 && key == floor(key) ? key : 0;
}

/* What a table without a mark is: an array if all its keys are places, not too few of them. */
static void serial_read_plain(lua_State *L, const struct serial_options *options,
                              struct serial_value *out)
{
    size_t count = 0;
    lua_Number last = 0;
    bool array = true;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        lua_Number place = serial_place_of_key(L);
        array = array && place > 0;
        last = fmax(last, place);
        count++;
    }
    bool sparse = options->encode_sparse_ratio > 0 &&
                  last > (lua_Number)count * options->encode_sparse_ratio &&
                  last > options->encode_sparse_safe;
    if (array && sparse && !options->encode_sparse_convert)
        failure_throw(L, "excessively sparse array");
    array = array && !sparse && last <= INT32_MAX;
    out->kind = array ? SERIAL_ARRAY : SERIAL_MAP;
    out->count = array ? (size_t)last : count;
}

/* As many elements as its highest place; its other keys do not count. */
static void serial_read_array(lua_State *L, struct serial_value *out)
{
    lua_Number last = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        last = fmax(last, serial_place_of_key(L));
    if (last > INT32_MAX)
        failure_throw(L, "excessively sparse array");
    out->kind = SERIAL_ARRAY;
    out->count = (size_t)last;
}

static void serial_read_map(lua_State *L, struct serial_value *out)
{
    out->kind = SERIAL_MAP;
    out->count = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
        out->count++;
}

/* By the mark on top of the stack, which is popped, of the table below it. */
static void serial_read_marked(lua_State *L, struct serial_value *out)
{
    static const char *const marks[] = {"seq", "sequence", "array", "map", "mapping"};
    size_t i = 0, count = sizeof marks / sizeof marks[0];
    const char *mark = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    while (i < count && strcmp(mark, marks[i]) != 0)
        i++;
    lua_pop(L, 1);
    if (i == count || !lua_istable(L, -1))
        failure_throw(L, "invalid __serialize value");
    if (i < 3)
        serial_read_array(L, out);
    else
        serial_read_map(L, out);
}

/* Puts what its __serialize returns into the place of the value. */
static void serial_convert(lua_State *L)
{
    stack_check(L);
    lua_insert(L, -2);
    lua_call(L, 1, 1);
}

/* Pushes the value's __serialize if it has one that counts. */
static bool serial_has_mark(lua_State *L, const struct serial_options *options)
{
    int type = lua_type(L, -1);
    return options->encode_load_metatables && (type == LUA_TTABLE || type == LUA_TUSERDATA) &&
           luaL_getmetafield(L, -1, "__serialize") != 0;
}

/* ---- any ---- */

static void serial_read_unmarked(lua_State *L, const struct serial_options *options,
                                 struct serial_value *out)
{
    switch (lua_type(L, -1)) {
    case LUA_TNIL:
        out->kind = SERIAL_NIL;
        return;
    case LUA_TBOOLEAN:
        out->kind = SERIAL_BOOLEAN;
        out->boolean = lua_toboolean(L, -1);
        return;
    case LUA_TNUMBER:
        serial_read_number(L, options, lua_tonumber(L, -1), out);
        return;
    case LUA_TSTRING:
        serial_read_text(L, out);
        return;
    case LUA_TTABLE:
        serial_read_plain(L, options, out);
        return;
    default:
        serial_read_cdata(L, options, out);
    }
}

void serial_read(lua_State *L, const struct serial_options *options, struct serial_value *out)
{
    luaL_checkstack(L, 8, "the value nests too deep");
    for (int i = 0; serial_has_mark(L, options); i++) {
        if (!lua_isfunction(L, -1)) {
            serial_read_marked(L, out);
            return;
        }
        if (i > SERIAL_DEPTH)
            failure_throw(L, "__serialize does not come to an end");
        serial_convert(L);
    }
    serial_read_unmarked(L, options, out);
}

bool serial_is_too_deep(lua_State *L, const struct serial_options *options, int depth,
                        const char *format)
{
    int limit = options->encode_max_depth < SERIAL_DEPTH ? options->encode_max_depth : SERIAL_DEPTH;
    if (depth < limit)
        return false;
    if (!options->encode_deep_as_nil) {
        lua_pushfstring(L, format, depth + 1);
        failure_throw(L, "%s", lua_tostring(L, -1));
    }
    return true;
}

/* ---- where an encoding goes ---- */

void serial_out_init(struct serial_out *out, lua_State *L)
{
    out->L = L;
    out->data = out->first;
    out->length = 0;
    out->capacity = sizeof out->first;
    lua_pushnil(L);
    out->slot = lua_gettop(L);
}

static void serial_out_grow(struct serial_out *out, size_t size)
{
    size_t capacity = 2 * out->capacity;
    while (capacity - out->length < size)
        capacity *= 2;
    if (capacity >= VM_LARGE)
        vm_ask_for(out->L, capacity);
    char *data = lua_newuserdata(out->L, capacity);
    memcpy(data, out->data, out->length);
    lua_replace(out->L, out->slot);
    out->data = data;
    out->capacity = capacity;
}

char *serial_out_add(struct serial_out *out, size_t size)
{
    if (out->capacity - out->length < size)
        serial_out_grow(out, size);
    char *place = out->data + out->length;
    out->length += size;
    return place;
}

void serial_out_push(struct serial_out *out)
{
    vm_push_bytes(out->L, out->data, out->length);
}
