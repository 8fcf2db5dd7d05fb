/*
 * JSON as values of Lua, token by token; see json.h.
 *
 * What is open lies on the stack of Lua: tables from the outermost on, each of an object's followed
 * by the key that waits for its value. So the work may stop after any token, and go on later: for
 * long texts lua/json.lua lets others have their turn in between.
 */
#include "binding/binding_private.h"
#include "binding/data/cdata.h"
#include "binding/data/json.h"
#include "binding/data/json_lex.h"
#include "binding/data/serial.h"
#include "binding/failure.h"
#include "fiber/vm.h"

#include <lauxlib.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* What comes next. */
enum json_state {
    JSON_WANTS_VALUE,
    JSON_WANTS_ELEMENT, /* the first of an array, or its end */
    JSON_WANTS_MEMBER,  /* the first of an object, or its end */
    JSON_WANTS_KEY,
    JSON_WANTS_MORE, /* a comma, or the end of the table */
    JSON_IS_OVER,
};

/* In place of a number of elements. */
#define JSON_OBJECT (-1)

struct json_decoder {
    lua_State *L;
    const struct serial_options *options;
    struct json_lex lex;
    enum json_state state;
    int depth;
    int counts[SERIAL_DEPTH]; /* of the open arrays' elements */
    struct serial_options own;
};

/* Tokens that are read before others may have their turn: some milliseconds. */
#define JSON_SLICE 20000

/* ---- complaints ---- */

static void json_complain(struct json_decoder *decoder, const struct json_token *token,
                          const char *what)
{
    size_t line, character;
    json_lex_place(&decoder->lex, token, &line, &character);
    failure_throw(decoder->L, "%s on line %zu at character %zu", what, line, character);
}

static void json_expected(struct json_decoder *decoder, const struct json_token *token,
                          const char *what)
{
    char text[128];
    snprintf(text, sizeof text, "Expected %s but found %s", what, json_token_name(token));
    json_complain(decoder, token, text);
}

/* ---- scalars ---- */

static void json_push_escaped(lua_State *L, const char *text, const char *end)
{
    luaL_Buffer buffer;
    char utf8[4];
    luaL_buffinit(L, &buffer);
    while (text < end) {
        const char *escape = memchr(text, '\\', (size_t)(end - text));
        luaL_addlstring(&buffer, text, (size_t)((escape != NULL ? escape : end) - text));
        if (escape == NULL)
            break;
        size_t length = 0, used = json_unescape(escape + 1, utf8, &length);
        luaL_addlstring(&buffer, utf8, length);
        text = escape + 1 + used;
    }
    luaL_pushresult(&buffer);
}

static void json_push_string(struct json_decoder *decoder, const struct json_token *token)
{
    const char *text = decoder->lex.text + token->start + 1, *end = decoder->lex.text + token->end;
    if (token->escapes)
        json_push_escaped(decoder->L, text, end);
    else
        vm_push_bytes(decoder->L, text, (size_t)(end - text));
}

static void json_push_odd(struct json_decoder *decoder, double number)
{
    if (!isfinite(number) && !decoder->options->decode_invalid_numbers)
        failure_throw(decoder->L, "number must not be NaN or Inf");
    lua_pushnumber(decoder->L, number);
}

/* By LuaJIT, which unlike strtod(3) knows no locales. */
static void json_push_number(struct json_decoder *decoder, const struct json_token *token)
{
    lua_State *L = decoder->L;
    lua_pushlstring(L, decoder->lex.text + token->start, token->end - token->start);
    double number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    json_push_odd(decoder, number);
}

static void json_push_scalar(struct json_decoder *decoder, const struct json_token *token)
{
    switch (token->kind) {
    case JSON_STRING:
        json_push_string(decoder, token);
        return;
    case JSON_UNSIGNED:
        cdata_push_decoded(decoder->L, token->whole);
        return;
    case JSON_INTEGER:
        cdata_push_integer(decoder->L, token->integer);
        return;
    case JSON_NUMBER:
        json_push_number(decoder, token);
        return;
    case JSON_ODD:
        json_push_odd(decoder, token->number);
        return;
    case JSON_BOOLEAN:
        lua_pushboolean(decoder->L, token->boolean);
        return;
    case JSON_NULL:
        cdata_push_null(decoder->L);
        return;
    default:
        json_expected(decoder, token, "value");
    }
}

/* ---- tables ---- */

/* One more around what follows. */
static void json_open_table(struct json_decoder *decoder, const struct json_token *token)
{
    char text[64];
    lua_State *L = decoder->L;
    int limit = decoder->options->decode_max_depth;
    if (decoder->depth >= (limit < SERIAL_DEPTH ? limit : SERIAL_DEPTH)) {
        snprintf(text, sizeof text, "Found too many nested data structures (%d)",
                 decoder->depth + 1);
        json_complain(decoder, token, text);
    }
    luaL_checkstack(L, 5, "the text nests too deep");
    bool is_array = token->kind == JSON_ARRAY_BEGIN;
    lua_newtable(L);
    serial_mark(L, decoder->options, is_array);
    decoder->counts[decoder->depth++] = is_array ? 0 : JSON_OBJECT;
    decoder->state = is_array ? JSON_WANTS_ELEMENT : JSON_WANTS_MEMBER;
}

/* The value on top of the stack is complete. */
static void json_store(struct json_decoder *decoder)
{
    decoder->state = decoder->depth > 0 ? JSON_WANTS_MORE : JSON_IS_OVER;
    if (decoder->depth == 0)
        return;
    int *count = &decoder->counts[decoder->depth - 1];
    if (*count == JSON_OBJECT)
        lua_rawset(decoder->L, -3);
    else
        lua_rawseti(decoder->L, -2, ++*count);
}

static void json_close_table(struct json_decoder *decoder)
{
    decoder->depth--;
    json_store(decoder);
}

/* ---- token by token ---- */

static void json_take_value(struct json_decoder *decoder, const struct json_token *token)
{
    if (token->kind == JSON_ARRAY_BEGIN || token->kind == JSON_OBJECT_BEGIN) {
        json_open_table(decoder, token);
    } else {
        json_push_scalar(decoder, token);
        json_store(decoder);
    }
}

/* And its colon. */
static void json_take_key(struct json_decoder *decoder, const struct json_token *key)
{
    if (key->kind != JSON_STRING)
        json_expected(decoder, key, "object key string");
    json_push_string(decoder, key);
    struct json_token token = json_lex_next(&decoder->lex);
    if (token.kind != JSON_COLON)
        json_expected(decoder, &token, "colon");
    decoder->state = JSON_WANTS_VALUE;
}

static void json_take_comma(struct json_decoder *decoder, const struct json_token *token)
{
    bool is_object = decoder->counts[decoder->depth - 1] == JSON_OBJECT;
    if (token->kind == (is_object ? JSON_OBJECT_END : JSON_ARRAY_END))
        json_close_table(decoder);
    else if (token->kind != JSON_COMMA)
        json_expected(decoder, token, is_object ? "comma or object end" : "comma or array end");
    else
        decoder->state = is_object ? JSON_WANTS_KEY : JSON_WANTS_VALUE;
}

/* Whether a table is empty. */
static bool json_is_end(const struct json_decoder *decoder, const struct json_token *token)
{
    return (decoder->state == JSON_WANTS_ELEMENT && token->kind == JSON_ARRAY_END) ||
           (decoder->state == JSON_WANTS_MEMBER && token->kind == JSON_OBJECT_END);
}

static void json_take(struct json_decoder *decoder, const struct json_token *token)
{
    if (decoder->state == JSON_WANTS_MORE)
        json_take_comma(decoder, token);
    else if (json_is_end(decoder, token))
        json_close_table(decoder);
    else if (decoder->state == JSON_WANTS_KEY || decoder->state == JSON_WANTS_MEMBER)
        json_take_key(decoder, token);
    else
        json_take_value(decoder, token);
}

/* Reads so many tokens, or all. At the end the value is on top of the stack. */
static void json_read(struct json_decoder *decoder, long tokens)
{
    struct json_token token;
    for (; tokens > 0 && decoder->state != JSON_IS_OVER; tokens--) {
        token = json_lex_next(&decoder->lex);
        json_take(decoder, &token);
    }
    if (decoder->state != JSON_IS_OVER)
        return;
    token = json_lex_next(&decoder->lex);
    if (token.kind != JSON_END)
        json_expected(decoder, &token, "the end");
}

/* ---- calls ---- */

/* With the arguments of `decode`, of which so many are given. */
static void json_begin(struct json_decoder *decoder, lua_State *L, int given)
{
    luaL_argcheck(L, given == 1 || given == 2, 1, "expected 1 or 2 arguments");
    decoder->L = L;
    decoder->state = JSON_WANTS_VALUE;
    decoder->depth = 0;
    decoder->options = serial_options(L, 2, &decoder->own);
    decoder->lex = (struct json_lex){.odd_numbers = decoder->options->decode_invalid_numbers};
    decoder->lex.text = luaL_checklstring(L, 1, &decoder->lex.length);
    if (decoder->lex.length >= 2 && (decoder->lex.text[0] == '\0' || decoder->lex.text[1] == '\0'))
        failure_throw(L, "JSON parser does not support UTF-16 or UTF-32");
}

/* What decode_some goes on with. The caller keeps the text. */
static int json_decode_begin(lua_State *L)
{
    struct json_decoder *decoder = lua_newuserdata(L, sizeof *decoder);
    json_begin(decoder, L, 2);
    return 1;
}

/* A third argument that no script has asks for the beginning only. */
int json_decode(lua_State *L)
{
    struct json_decoder decoder;
    if (lua_gettop(L) == 3 && lua_touserdata(L, 3) == vm_of(L))
        return json_decode_begin(L);
    json_begin(&decoder, L, lua_gettop(L));
    json_read(&decoder, LONG_MAX);
    return 1;
}

/* decode_some(decoder, open): true and the value; or false, and what is open lies in the table. */
static int json_decode_some(lua_State *L)
{
    struct json_decoder *decoder = lua_touserdata(L, 1);
    int count = (int)lua_objlen(L, 2);
    luaL_checkstack(L, count, "the text nests too deep");
    for (int i = 1; i <= count; i++)
        lua_rawgeti(L, 2, i);
    for (int i = count; i >= 1; i--) {
        lua_pushnil(L);
        lua_rawseti(L, 2, i);
    }
    decoder->L = L;
    json_read(decoder, JSON_SLICE);
    lua_pushboolean(L, decoder->state == JSON_IS_OVER);
    if (decoder->state == JSON_IS_OVER) {
        lua_insert(L, -2);
        return 2;
    }
    lua_insert(L, 3);
    for (int i = lua_gettop(L) - 3; i >= 1; i--)
        lua_rawseti(L, 2, i);
    return 1;
}

void json_open(lua_State *L, int internals)
{
    lua_pushcfunction(L, json_decode_some);
    lua_setfield(L, internals, "json_decode_some");
    serial_module(L, json_encode, json_decode);
    lua_getfield(L, -1, "NULL");
    lua_setfield(L, -2, "null");
    binding_set_module(L, "json");
}
