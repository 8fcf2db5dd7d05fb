/* JSON as values of Lua, token by token; see json.h. */
#include "binding/binding_private.h"
#include "binding/cdata.h"
#include "binding/failure.h"
#include "binding/json.h"
#include "binding/json_lex.h"
#include "binding/serial.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

struct json_decoder {
    lua_State *L;
    const struct serial_options *options;
    struct json_lex lex;
    int depth;
};

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

/* One table more around what follows. */
static void json_enter(struct json_decoder *decoder, const struct json_token *token)
{
    char text[64];
    int limit = decoder->options->decode_max_depth;
    if (++decoder->depth > (limit < SERIAL_DEPTH ? limit : SERIAL_DEPTH)) {
        snprintf(text, sizeof text, "Found too many nested data structures (%d)", decoder->depth);
        json_complain(decoder, token, text);
    }
    luaL_checkstack(decoder->L, 5, "the text nests too deep");
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
        lua_pushlstring(decoder->L, text, (size_t)(end - text));
}

/* As an object it is signed, below the limit: with it, Tarantool says, begin the unsigned ones. */
static void json_push_unsigned(lua_State *L, uint64_t whole)
{
    if (whole < INT64_MAX)
        cdata_push_integer(L, (int64_t)whole);
    else
        cdata_push_unsigned(L, whole);
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

/* ---- tables ---- */

static void json_push_any(struct json_decoder *decoder, const struct json_token *token);

static void json_push_array(struct json_decoder *decoder)
{
    lua_State *L = decoder->L;
    lua_newtable(L);
    serial_mark(L, decoder->options, true);
    struct json_token token = json_lex_next(&decoder->lex);
    if (token.kind == JSON_ARRAY_END)
        return;
    for (int i = 1;; i++) {
        json_push_any(decoder, &token);
        lua_rawseti(L, -2, i);
        token = json_lex_next(&decoder->lex);
        if (token.kind == JSON_ARRAY_END)
            return;
        if (token.kind != JSON_COMMA)
            json_expected(decoder, &token, "comma or array end");
        token = json_lex_next(&decoder->lex);
    }
}

/* A key, its colon and its value. */
static void json_push_member(struct json_decoder *decoder, const struct json_token *key)
{
    if (key->kind != JSON_STRING)
        json_expected(decoder, key, "object key string");
    json_push_string(decoder, key);
    struct json_token token = json_lex_next(&decoder->lex);
    if (token.kind != JSON_COLON)
        json_expected(decoder, &token, "colon");
    token = json_lex_next(&decoder->lex);
    json_push_any(decoder, &token);
    lua_rawset(decoder->L, -3);
}

static void json_push_object(struct json_decoder *decoder)
{
    lua_State *L = decoder->L;
    lua_newtable(L);
    serial_mark(L, decoder->options, false);
    struct json_token token = json_lex_next(&decoder->lex);
    if (token.kind == JSON_OBJECT_END)
        return;
    for (;;) {
        json_push_member(decoder, &token);
        token = json_lex_next(&decoder->lex);
        if (token.kind == JSON_OBJECT_END)
            return;
        if (token.kind != JSON_COMMA)
            json_expected(decoder, &token, "comma or object end");
        token = json_lex_next(&decoder->lex);
    }
}

static void json_push_table(struct json_decoder *decoder, const struct json_token *token)
{
    json_enter(decoder, token);
    if (token->kind == JSON_ARRAY_BEGIN)
        json_push_array(decoder);
    else
        json_push_object(decoder);
    decoder->depth--;
}

/* ---- any ---- */

static void json_push_any(struct json_decoder *decoder, const struct json_token *token)
{
    switch (token->kind) {
    case JSON_STRING:
        json_push_string(decoder, token);
        return;
    case JSON_UNSIGNED:
        json_push_unsigned(decoder->L, token->whole);
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
    case JSON_ARRAY_BEGIN:
    case JSON_OBJECT_BEGIN:
        json_push_table(decoder, token);
        return;
    default:
        json_expected(decoder, token, "value");
    }
}

int json_decode(lua_State *L)
{
    struct serial_options own;
    int given = lua_gettop(L);
    luaL_argcheck(L, given == 1 || given == 2, 1, "expected 1 or 2 arguments");
    struct json_decoder decoder = {.L = L, .options = serial_options(L, 2, &own)};
    decoder.lex.text = luaL_checklstring(L, 1, &decoder.lex.length);
    decoder.lex.odd_numbers = decoder.options->decode_invalid_numbers;
    if (decoder.lex.length >= 2 && (decoder.lex.text[0] == '\0' || decoder.lex.text[1] == '\0'))
        return failure_throw(L, "JSON parser does not support UTF-16 or UTF-32");
    struct json_token token = json_lex_next(&decoder.lex);
    json_push_any(&decoder, &token);
    token = json_lex_next(&decoder.lex);
    if (token.kind != JSON_END)
        json_expected(&decoder, &token, "the end");
    return 1;
}

void json_open(lua_State *L)
{
    serial_module(L, json_encode, json_decode);
    lua_getfield(L, -1, "NULL");
    lua_setfield(L, -2, "null");
    binding_set_module(L, "json");
}
