/*
 * Values of LuaJIT's ffi; see cdata.h.
 *
 * There is no way to them in C, so that the types are kept as objects which make values when they
 * are called, and a value is known by its text: all that a script could find of this in the
 * registry makes integers, and nothing else.
 */
#include "binding/data/cdata.h"

#include "binding/binding_private.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

/* The type of its objects, which lua.h has no name for. */
#define CDATA_TYPE (LUA_TTHREAD + 2)

/* From here on integers are objects, as in Tarantool. */
#define CDATA_WIDE 100000000000000

/* ---- opening ---- */

/* The library, at the top of the stack, and whether it is there. */
static bool cdata_load(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "ffi");
    return lua_pcall(L, 1, 1, 0) == 0 && lua_istable(L, -1);
}

/* Keeps what `function` of the library at the top returns for a type. */
static int cdata_keep(lua_State *L, const char *function, const char *type)
{
    lua_getfield(L, -1, function);
    lua_pushstring(L, type);
    lua_call(L, 1, 1);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Loaded it stays, since a number like 1LL in a script's text would load it again, for all; and
 * alive, since the machine's end looks for finalizers in a table that only the library holds. */
static void cdata_hide(lua_State *L)
{
    lua_pushvalue(L, -1);
    luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushnil(L);
    binding_set_module(L, "ffi");
}

void cdata_open(lua_State *L, struct binding *binding)
{
    struct binding_cdata *kept = &binding->cdata;
    *kept = (struct binding_cdata){LUA_NOREF, LUA_NOREF, LUA_NOREF, LUA_NOREF};
    if (cdata_load(L)) {
        kept->int64 = cdata_keep(L, "typeof", "int64_t");
        kept->uint64 = cdata_keep(L, "typeof", "uint64_t");
        kept->null = cdata_keep(L, "new", "void *");
        if (binding->service && !binding->ffi)
            cdata_hide(L);
    }
    lua_pop(L, 1);
    lua_getglobal(L, "tonumber");
    kept->tonumber = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* ---- pushing ---- */

/* A new object of the type, which is of 8 bytes; LuaJIT says where they are. */
static void cdata_push(lua_State *L, int type, const void *value)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, type);
    lua_call(L, 0, 1);
    memcpy((void *)(uintptr_t)lua_topointer(L, -1), value, 8);
}

void cdata_push_int64(lua_State *L, int64_t value)
{
    int type = binding_of(L)->cdata.int64;
    if (type == LUA_NOREF)
        lua_pushnumber(L, (lua_Number)value);
    else
        cdata_push(L, type, &value);
}

void cdata_push_uint64(lua_State *L, uint64_t value)
{
    int type = binding_of(L)->cdata.uint64;
    if (type == LUA_NOREF)
        lua_pushnumber(L, (lua_Number)value);
    else
        cdata_push(L, type, &value);
}

void cdata_push_integer(lua_State *L, int64_t value)
{
    if (value > -CDATA_WIDE && value < CDATA_WIDE)
        lua_pushnumber(L, (lua_Number)value);
    else
        cdata_push_int64(L, value);
}

void cdata_push_unsigned(lua_State *L, uint64_t value)
{
    if (value < CDATA_WIDE)
        lua_pushnumber(L, (lua_Number)value);
    else
        cdata_push_uint64(L, value);
}

void cdata_push_decoded(lua_State *L, uint64_t value)
{
    if (value < INT64_MAX)
        cdata_push_integer(L, (int64_t)value);
    else
        cdata_push_unsigned(L, value);
}

void cdata_push_null(lua_State *L)
{
    int null = binding_of(L)->cdata.null;
    if (null == LUA_NOREF)
        lua_pushlightuserdata(L, NULL);
    else
        lua_rawgeti(L, LUA_REGISTRYINDEX, null);
}

/* ---- reading ---- */

static bool cdata_ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* An integer's text has its type at the end; `end` is where the digits end. */
static bool cdata_read_integer(const char *text, struct cdata *out)
{
    char *end;
    errno = 0;
    out->whole = strtoull(text, &end, 10);
    out->kind = CDATA_UINT64;
    if (end != text && errno == 0 && strcmp(end, "ULL") == 0)
        return true;
    errno = 0;
    out->integer = strtoll(text, &end, 10);
    out->kind = CDATA_INT64;
    return end != text && errno == 0 && strcmp(end, "LL") == 0;
}

static void cdata_read_number(lua_State *L, int index, bool boolean, struct cdata *out)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, binding_of(L)->cdata.tonumber);
    lua_pushvalue(L, index);
    lua_call(L, 1, 1);
    out->kind = CDATA_OTHER;
    if (lua_type(L, -1) == LUA_TNUMBER && boolean) {
        out->kind = CDATA_BOOLEAN;
        out->boolean = lua_tonumber(L, -1) != 0;
    } else if (lua_type(L, -1) == LUA_TNUMBER) {
        out->kind = CDATA_NUMBER;
        out->number = lua_tonumber(L, -1);
    }
    lua_pop(L, 1);
}

static void cdata_read_object(lua_State *L, int index, struct cdata *out)
{
    int top = lua_gettop(L);
    const char *text = luaL_callmeta(L, index, "__tostring") ? lua_tostring(L, -1) : NULL;
    out->kind = CDATA_OTHER; /* a type, a structure */
    if (text != NULL && cdata_ends_with(text, ": NULL"))
        out->kind = CDATA_NULL;
    else if (text != NULL && strncmp(text, "cdata<", 6) == 0)
        cdata_read_number(L, index, strncmp(text, "cdata<bool>", 11) == 0, out);
    else if (text != NULL && !cdata_read_integer(text, out))
        out->kind = CDATA_OTHER;
    lua_settop(L, top);
}

void cdata_read(lua_State *L, int index, struct cdata *out)
{
    out->kind = CDATA_NONE;
    if (lua_type(L, index) == LUA_TLIGHTUSERDATA && lua_touserdata(L, index) == NULL)
        out->kind = CDATA_NULL;
    else if (lua_type(L, index) == CDATA_TYPE)
        cdata_read_object(L, index, out);
}
