/*
 * The module `msgpack`: any value there and back, unlike value.h, whose values are what clients of
 * the daemon understand. Strings are str whatever their bytes, keys are what they are, integers
 * have 64 bits.
 */
#include "binding/binding_private.h"
#include "binding/data/cdata.h"
#include "binding/data/msgpack_read.h"
#include "binding/data/serial.h"
#include "binding/failure.h"

#include <lauxlib.h>
#include <msgpack.h>
#include <string.h>

/* ---- encoding ---- */

struct msgpack_encoder {
    lua_State *L;
    const struct serial_options *options;
    struct serial_out out;
    msgpack_packer packer;
};

static int msgpack_write(void *context, const char *data, size_t length)
{
    memcpy(serial_out_add(context, length), data, length);
    return 0;
}

static void msgpack_add_any(struct msgpack_encoder *encoder, int depth);

static void msgpack_add_array(struct msgpack_encoder *encoder, size_t count, int depth)
{
    msgpack_pack_array(&encoder->packer, count);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(encoder->L, -1, (int)i);
        msgpack_add_any(encoder, depth);
        lua_pop(encoder->L, 1);
    }
}

/* A __serialize of what is in it might change the table, whose size has been written. */
static void msgpack_add_map(struct msgpack_encoder *encoder, size_t count, int depth)
{
    lua_State *L = encoder->L;
    size_t added = 0;
    msgpack_pack_map(&encoder->packer, count);
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        lua_pushvalue(L, -2);
        msgpack_add_any(encoder, depth);
        lua_pop(L, 1);
        msgpack_add_any(encoder, depth);
        added++;
    }
    if (added != count)
        failure_throw(L, "the table changed while it was encoded");
}

static void msgpack_add_table(struct msgpack_encoder *encoder, const struct serial_value *value,
                              int depth)
{
    if (serial_is_too_deep(encoder->L, encoder->options, depth, "Too high nest level - %d"))
        msgpack_pack_nil(&encoder->packer);
    else if (value->kind == SERIAL_ARRAY)
        msgpack_add_array(encoder, value->count, depth + 1);
    else
        msgpack_add_map(encoder, value->count, depth + 1);
}

static void msgpack_add_string(struct msgpack_encoder *encoder, const struct serial_value *value)
{
    if (value->text.length > UINT32_MAX)
        failure_throw(encoder->L, "the string is too long");
    msgpack_pack_str(&encoder->packer, value->text.length);
    msgpack_pack_str_body(&encoder->packer, value->text.data, value->text.length);
}

static void msgpack_add_any(struct msgpack_encoder *encoder, int depth)
{
    struct serial_value value;
    msgpack_packer *packer = &encoder->packer;
    serial_read(encoder->L, encoder->options, &value);
    switch (value.kind) {
    case SERIAL_NIL:
        msgpack_pack_nil(packer);
        return;
    case SERIAL_BOOLEAN:
        (value.boolean ? msgpack_pack_true : msgpack_pack_false)(packer);
        return;
    case SERIAL_INTEGER:
        msgpack_pack_int64(packer, value.integer);
        return;
    case SERIAL_UNSIGNED:
        msgpack_pack_uint64(packer, value.whole);
        return;
    case SERIAL_DOUBLE:
        msgpack_pack_double(packer, value.number);
        return;
    case SERIAL_STRING:
        msgpack_add_string(encoder, &value);
        return;
    default:
        msgpack_add_table(encoder, &value, depth);
    }
}

/* encode(value) */
static int msgpack_encode(lua_State *L)
{
    if (lua_gettop(L) == 0)
        return failure_throw(L, "msgpack.encode: a Lua object expected");
    if (lua_gettop(L) > 1)
        return failure_throw(L, "msgpack.encode: there are no buffers to encode into");
    struct msgpack_encoder encoder = {.L = L, .options = serial_options(L, 2, NULL)};
    serial_out_init(&encoder.out, L);
    msgpack_packer_init(&encoder.packer, &encoder.out, msgpack_write);
    lua_pushvalue(L, 1);
    msgpack_add_any(&encoder, 0);
    serial_out_push(&encoder.out);
    return 1;
}

/* ---- decoding ---- */

/* The place to begin at, an argument from 1, or a complaint. */
static size_t msgpack_offset(lua_State *L, size_t length)
{
    if (lua_gettop(L) < 2)
        return 0;
    lua_Number offset = luaL_checknumber(L, 2);
    if (!(offset >= 1 && offset <= (lua_Number)length))
        failure_throw(L, "msgpack.decode: offset is out of bounds");
    return (size_t)offset - 1;
}

/* decode(string[, offset]): the value, and the offset of what is behind it. */
static int msgpack_decode(lua_State *L)
{
    struct msgpack_reader reader = {.L = L};
    if (lua_type(L, 1) != LUA_TSTRING)
        return failure_throw(L, "msgpack.decode: a Lua string expected");
    reader.data = (const unsigned char *)lua_tolstring(L, 1, &reader.length);
    reader.at = msgpack_offset(L, reader.length);
    lua_settop(L, 1);
    reader.options = serial_options(L, 2, NULL);
    msgpack_read(&reader);
    lua_pushnumber(L, (lua_Number)reader.at + 1);
    return 2;
}

void msgpack_open(lua_State *L)
{
    serial_module(L, msgpack_encode, msgpack_decode);
    lua_getfield(L, -1, "decode");
    lua_setfield(L, -2, "decode_unchecked");
    binding_set_module(L, "msgpack");
}
