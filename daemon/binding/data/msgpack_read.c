/* MessagePack as values of Lua; see msgpack_read.h and the format's specification. */
#include "binding/data/msgpack_read.h"

#include "binding/data/cdata.h"
#include "binding/data/serial.h"
#include "binding/failure.h"
#include "fiber/vm.h"

#include <lauxlib.h>
#include <string.h>

/* Room that a table gets for what it announces. */
#define MSGPACK_ROOM 64

static void msgpack_invalid(struct msgpack_reader *reader)
{
    failure_throw(reader->L, "msgpack.decode: invalid MsgPack");
}

/* The next `size` bytes. */
static const unsigned char *msgpack_take(struct msgpack_reader *reader, size_t size)
{
    if (reader->length - reader->at < size)
        msgpack_invalid(reader);
    const unsigned char *data = reader->data + reader->at;
    reader->at += size;
    return data;
}

/* A number of `size` bytes, the highest first. */
static uint64_t msgpack_take_number(struct msgpack_reader *reader, size_t size)
{
    const unsigned char *data = msgpack_take(reader, size);
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | data[i];
    return number;
}

/* ---- scalars ---- */

static void msgpack_push_signed(struct msgpack_reader *reader, size_t size)
{
    uint64_t number = msgpack_take_number(reader, size);
    unsigned unused = 64 - 8 * (unsigned)size;
    int64_t value = (int64_t)(number << unused) >> unused;
    if (value < 0)
        cdata_push_integer(reader->L, value);
    else
        cdata_push_unsigned(reader->L, (uint64_t)value);
}

static void msgpack_push_float(struct msgpack_reader *reader)
{
    uint32_t bits = (uint32_t)msgpack_take_number(reader, sizeof bits);
    float number;
    memcpy(&number, &bits, sizeof number);
    lua_pushnumber(reader->L, number);
}

static void msgpack_push_double(struct msgpack_reader *reader)
{
    uint64_t bits = msgpack_take_number(reader, sizeof bits);
    double number;
    memcpy(&number, &bits, sizeof number);
    lua_pushnumber(reader->L, number);
}

static void msgpack_push_string(struct msgpack_reader *reader, uint64_t length)
{
    const unsigned char *data = msgpack_take(reader, length);
    vm_push_bytes(reader->L, data, length);
}

static void msgpack_refuse_extension(struct msgpack_reader *reader, uint64_t length)
{
    int type = msgpack_take(reader, 1)[0]; /* a signed byte */
    if (type > INT8_MAX)
        type -= UINT8_MAX + 1;
    msgpack_take(reader, length);
    failure_throw(reader->L, "msgpack.decode: extension type %d is not supported", type);
}

/* ---- tables ---- */

static void msgpack_push_any(struct msgpack_reader *reader, int depth);

/* Each element takes a byte at least. */
static void msgpack_enter(struct msgpack_reader *reader, uint64_t elements, int depth)
{
    if (elements > reader->length - reader->at)
        msgpack_invalid(reader);
    if (depth > SERIAL_DEPTH)
        failure_throw(reader->L, "msgpack.decode: tables nest too deep");
    luaL_checkstack(reader->L, 5, "tables nest too deep");
}

static int msgpack_room(uint64_t count)
{
    return count < MSGPACK_ROOM ? (int)count : MSGPACK_ROOM;
}

static void msgpack_push_array(struct msgpack_reader *reader, uint64_t count, int depth)
{
    msgpack_enter(reader, count, depth);
    lua_createtable(reader->L, msgpack_room(count), 0);
    serial_mark(reader->L, reader->options, true);
    for (uint64_t i = 1; i <= count; i++) {
        msgpack_push_any(reader, depth);
        lua_rawseti(reader->L, -2, (int)i);
    }
}

static void msgpack_push_map(struct msgpack_reader *reader, uint64_t count, int depth)
{
    msgpack_enter(reader, 2 * count, depth);
    lua_createtable(reader->L, 0, msgpack_room(count));
    serial_mark(reader->L, reader->options, false);
    for (uint64_t i = 0; i < count; i++) {
        msgpack_push_any(reader, depth);
        msgpack_push_any(reader, depth);
        lua_rawset(reader->L, -3);
    }
}

/* ---- any ---- */

/* By a first byte from 0xc0 to 0xdf. */
static void msgpack_push_long(struct msgpack_reader *reader, unsigned char head, int depth)
{
    lua_State *L = reader->L;
    switch (head) {
    case 0xc0:
        cdata_push_null(L);
        return;
    case 0xc2:
    case 0xc3:
        lua_pushboolean(L, head == 0xc3);
        return;
    case 0xc4: /* bytes of 8, 16 and 32 bits of length */
    case 0xc5:
    case 0xc6:
        msgpack_push_string(reader, msgpack_take_number(reader, (size_t)1 << (head - 0xc4)));
        return;
    case 0xc7: /* extensions of 8, 16 and 32 bits of length */
    case 0xc8:
    case 0xc9:
        msgpack_refuse_extension(reader, msgpack_take_number(reader, (size_t)1 << (head - 0xc7)));
        return;
    case 0xca:
        msgpack_push_float(reader);
        return;
    case 0xcb:
        msgpack_push_double(reader);
        return;
    case 0xcc: /* integers of 8 to 64 bits */
    case 0xcd:
    case 0xce:
    case 0xcf:
        cdata_push_unsigned(L, msgpack_take_number(reader, (size_t)1 << (head - 0xcc)));
        return;
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        msgpack_push_signed(reader, (size_t)1 << (head - 0xd0));
        return;
    case 0xd4: /* extensions of 1 to 16 bytes */
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
        msgpack_refuse_extension(reader, (size_t)1 << (head - 0xd4));
        return;
    case 0xd9: /* strings of 8, 16 and 32 bits of length */
    case 0xda:
    case 0xdb:
        msgpack_push_string(reader, msgpack_take_number(reader, (size_t)1 << (head - 0xd9)));
        return;
    case 0xdc: /* arrays and maps of 16 and 32 bits of length */
    case 0xdd:
        msgpack_push_array(reader, msgpack_take_number(reader, (size_t)2 << (head - 0xdc)), depth);
        return;
    case 0xde:
    case 0xdf:
        msgpack_push_map(reader, msgpack_take_number(reader, (size_t)2 << (head - 0xde)), depth);
        return;
    default:
        msgpack_invalid(reader);
    }
}

/* `depth`: the tables around it. */
static void msgpack_push_any(struct msgpack_reader *reader, int depth)
{
    unsigned char head = msgpack_take(reader, 1)[0];
    if (head < 0x80)
        lua_pushinteger(reader->L, head);
    else if (head < 0x90)
        msgpack_push_map(reader, head & 0x0f, depth + 1);
    else if (head < 0xa0)
        msgpack_push_array(reader, head & 0x0f, depth + 1);
    else if (head < 0xc0)
        msgpack_push_string(reader, head & 0x1f);
    else if (head >= 0xe0)
        lua_pushinteger(reader->L, (signed char)head);
    else
        msgpack_push_long(reader, head, depth + 1);
}

void msgpack_read(struct msgpack_reader *reader)
{
    luaL_checkstack(reader->L, 5, NULL);
    msgpack_push_any(reader, 0);
}
