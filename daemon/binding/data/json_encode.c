/*
 * Values of Lua as JSON. Numbers that are whole are written with all their digits, others with as
 * many as the settings say; bytes that are no UTF-8 go as they are.
 */
#include "binding/data/json.h"
#include "binding/data/serial.h"
#include "binding/failure.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Digits that a number of Lua has at most. */
#define JSON_PRECISION 17

struct json_encoder {
    lua_State *L;
    const struct serial_options *options;
    struct serial_out out;
};

static void json_add(struct json_encoder *encoder, const char *text, size_t length)
{
    memcpy(serial_out_add(&encoder->out, length), text, length);
}

static void json_add_text(struct json_encoder *encoder, const char *text)
{
    json_add(encoder, text, strlen(text));
}

/* ---- scalars ---- */

/* How a byte is written after a backslash: by its letter, 'u' by its number, or 0: as it is. */
static char json_escape(unsigned char byte)
{
    static const char controls[33] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
    if (byte < 0x20)
        return controls[byte];
    if (byte == '"' || byte == '\\' || byte == '/')
        return (char)byte;
    return byte == 0x7f ? 'u' : 0;
}

static void json_add_escaped(struct json_encoder *encoder, unsigned char byte, char letter)
{
    char text[8] = {'\\', letter};
    if (letter == 'u')
        snprintf(text, sizeof text, "\\u%04x", byte);
    json_add_text(encoder, text);
}

static void json_add_string(struct json_encoder *encoder, const char *data, size_t length)
{
    size_t begin = 0;
    json_add(encoder, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        char letter = json_escape((unsigned char)data[i]);
        if (letter == 0)
            continue;
        json_add(encoder, data + begin, i - begin);
        json_add_escaped(encoder, (unsigned char)data[i], letter);
        begin = i + 1;
    }
    json_add(encoder, data + begin, length - begin);
    json_add(encoder, "\"", 1);
}

/* Scripts may set a locale whose point is something else. */
static void json_add_double(struct json_encoder *encoder, double number)
{
    char text[48];
    int precision = encoder->options->encode_number_precision;
    if (isnan(number)) {
        json_add_text(encoder, "nan");
        return;
    }
    snprintf(text, sizeof text, "%.*g", precision < JSON_PRECISION ? precision : JSON_PRECISION,
             number);
    size_t point = strspn(text, "-0123456789einf+");
    if (text[point] != '\0') {
        size_t rest = point + strcspn(text + point, "0123456789");
        text[point] = '.';
        memmove(text + point + 1, text + rest, strlen(text + rest) + 1);
    }
    json_add_text(encoder, text);
}

static void json_add_integer(struct json_encoder *encoder, const struct serial_value *value)
{
    char text[24];
    if (value->kind == SERIAL_INTEGER)
        snprintf(text, sizeof text, "%" PRId64, value->integer);
    else
        snprintf(text, sizeof text, "%" PRIu64, value->whole);
    json_add_text(encoder, text);
}

/* ---- tables, at the top of the stack ---- */

static void json_add_any(struct json_encoder *encoder, int depth);

static void json_add_array(struct json_encoder *encoder, size_t count, int depth)
{
    json_add(encoder, "[", 1);
    for (size_t i = 1; i <= count; i++) {
        if (i > 1)
            json_add(encoder, ",", 1);
        lua_rawgeti(encoder->L, -1, (int)i);
        json_add_any(encoder, depth);
        lua_pop(encoder->L, 1);
    }
    json_add(encoder, "]", 1);
}

/* The key below the top of the stack. It must stay what it is: lua_next needs it. */
static void json_add_key(struct json_encoder *encoder)
{
    struct serial_value key;
    lua_State *L = encoder->L;
    lua_pushvalue(L, -2);
    serial_read(L, encoder->options, &key);
    if (key.kind == SERIAL_STRING) {
        json_add_string(encoder, key.text.data, key.text.length);
    } else if (key.kind == SERIAL_UNSIGNED || key.kind == SERIAL_INTEGER) {
        json_add(encoder, "\"", 1);
        json_add_integer(encoder, &key);
        json_add(encoder, "\"", 1);
    } else {
        failure_throw(L, "table key must be a number or string");
    }
    lua_pop(L, 1);
}

static void json_add_map(struct json_encoder *encoder, int depth)
{
    bool first = true;
    json_add(encoder, "{", 1);
    for (lua_pushnil(encoder->L); lua_next(encoder->L, -2); lua_pop(encoder->L, 1)) {
        if (!first)
            json_add(encoder, ",", 1);
        first = false;
        json_add_key(encoder);
        json_add(encoder, ":", 1);
        json_add_any(encoder, depth);
    }
    json_add(encoder, "}", 1);
}

static void json_add_table(struct json_encoder *encoder, const struct serial_value *value,
                           int depth)
{
    if (serial_is_too_deep(encoder->L, encoder->options, depth, "Too high nest level"))
        json_add_text(encoder, "null");
    else if (value->kind == SERIAL_ARRAY)
        json_add_array(encoder, value->count, depth + 1);
    else
        json_add_map(encoder, depth + 1);
}

/* ---- any ---- */

static void json_add_any(struct json_encoder *encoder, int depth)
{
    struct serial_value value;
    serial_read(encoder->L, encoder->options, &value);
    switch (value.kind) {
    case SERIAL_NIL:
        json_add_text(encoder, "null");
        return;
    case SERIAL_BOOLEAN:
        json_add_text(encoder, value.boolean ? "true" : "false");
        return;
    case SERIAL_INTEGER:
    case SERIAL_UNSIGNED:
        json_add_integer(encoder, &value);
        return;
    case SERIAL_DOUBLE:
        json_add_double(encoder, value.number);
        return;
    case SERIAL_STRING:
        json_add_string(encoder, value.text.data, value.text.length);
        return;
    default:
        json_add_table(encoder, &value, depth);
    }
}

int json_encode(lua_State *L)
{
    struct serial_options own;
    int given = lua_gettop(L);
    luaL_argcheck(L, given == 1 || given == 2, 1, "expected 1 or 2 arguments");
    struct json_encoder encoder = {.L = L, .options = serial_options(L, 2, &own)};
    lua_settop(L, 1);
    serial_out_init(&encoder.out, L);
    lua_pushvalue(L, 1);
    json_add_any(&encoder, 0);
    serial_out_push(&encoder.out);
    return 1;
}
