/* Values of Lua as MessagePack and back; see value.h. */
#include "binding/value.h"

#include "binding/socket.h"
#include "fiber/vm.h"
#include "net/sock.h"
#include "util/escape.h"

#include <lauxlib.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Beyond it a double does not hold every whole number. */
#define VALUE_WHOLE 9007199254740992.0

/* ---- packing ---- */

struct packing {
    lua_State *L;
    msgpack_packer packer;
    int depth;
};

static const char value_too_deep[] = "a table nests too deep, or in itself";
static const char value_no_memory[] = "not enough memory";

static const char *pack_any(struct packing *packing, int index);

/* Well-formed UTF-8 (RFC 3629)? */
static bool is_text(const unsigned char *data, size_t length)
{
    static const struct {
        unsigned char first, last, low, high, more;
    } rows[] = {
        {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2},
        {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2},
        {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
    };
    for (size_t i = 0; i < length;) {
        size_t row = 0, count = sizeof rows / sizeof rows[0];
        while (row < count && (data[i] < rows[row].first || data[i] > rows[row].last))
            row++;
        if (row == count || rows[row].more >= length - i)
            return false;
        for (size_t j = 1; j <= rows[row].more; j++) {
            unsigned char low = j == 1 ? rows[row].low : 0x80;
            unsigned char high = j == 1 ? rows[row].high : 0xbf;
            if (data[i + j] < low || data[i + j] > high)
                return false;
        }
        i += 1 + (size_t)rows[row].more;
    }
    return true;
}

static const char *pack_bytes(struct packing *packing, const char *data, size_t length)
{
    msgpack_packer *packer = &packing->packer;
    bool text = is_text((const unsigned char *)data, length);
    int failed = text ? msgpack_pack_str(packer, length) : msgpack_pack_bin(packer, length);
    if (!failed && length > 0)
        failed = text ? msgpack_pack_str_body(packer, data, length)
                      : msgpack_pack_bin_body(packer, data, length);
    return failed ? value_no_memory : NULL;
}

static const char *pack_number(struct packing *packing, lua_Number number)
{
    bool whole = fabs(number) <= VALUE_WHOLE && number == floor(number);
    int failed = whole ? msgpack_pack_int64(&packing->packer, (int64_t)number)
                       : msgpack_pack_double(&packing->packer, number);
    return failed ? value_no_memory : NULL;
}

/* The number of the keys, and whether they are 1 to that number. */
static size_t count_keys(lua_State *L, int index, bool *array)
{
    size_t count = 0, length = lua_objlen(L, index);
    *array = true;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        lua_Number key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
        *array = *array && key >= 1 && key <= (lua_Number)length && key == floor(key);
        count++;
    }
    *array = *array && count == length;
    return count;
}

static const char *pack_array(struct packing *packing, int index, size_t count)
{
    const char *reason = msgpack_pack_array(&packing->packer, count) ? value_no_memory : NULL;
    for (size_t i = 1; i <= count && reason == NULL; i++) {
        lua_rawgeti(packing->L, index, (int)i);
        reason = pack_any(packing, lua_gettop(packing->L));
        lua_pop(packing->L, 1);
    }
    return reason;
}

static int pack_text(msgpack_packer *packer, const char *text, size_t length)
{
    return msgpack_pack_str(packer, length) || msgpack_pack_str_body(packer, text, length);
}

static int pack_escaped(msgpack_packer *packer, const char *text, size_t length)
{
    struct escape escape = {.size = 4 * length}; /* \xNN at the most */
    escape.text = malloc(escape.size);
    if (escape.text == NULL)
        return -1;
    escape_add(&escape, text, text + length, 0);
    int failed = pack_text(packer, escape.text, escape.length);
    free(escape.text);
    return failed;
}

/* Keys are text on the wire. The key itself must not be turned into a string: lua_next needs it. */
static const char *pack_key(struct packing *packing, int index)
{
    size_t length;
    lua_State *L = packing->L;
    if (lua_type(L, index) != LUA_TNUMBER && lua_type(L, index) != LUA_TSTRING)
        return "a table with a key that is neither text nor a number cannot be sent";
    lua_pushvalue(L, index);
    const char *key = lua_tolstring(L, -1, &length);
    int failed = is_text((const unsigned char *)key, length)
                     ? pack_text(&packing->packer, key, length)
                     : pack_escaped(&packing->packer, key, length);
    lua_pop(L, 1);
    return failed ? value_no_memory : NULL;
}

static const char *pack_map(struct packing *packing, int index, size_t count)
{
    lua_State *L = packing->L;
    const char *reason = msgpack_pack_map(&packing->packer, count) ? value_no_memory : NULL;
    if (reason != NULL)
        return reason;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int value = lua_gettop(L);
        reason = pack_key(packing, value - 1);
        if (reason == NULL)
            reason = pack_any(packing, value);
        if (reason != NULL)
            break;
    }
    return reason;
}

static const char *pack_socket(struct packing *packing, struct sock *sock)
{
    if (sock == NULL)
        return "a closed socket cannot be sent";
    sock_keep(sock);
    return msgpack_pack_uint64(&packing->packer, sock_id(sock)) ? value_no_memory : NULL;
}

/* An object of the LuaSocket emulation; without a socket it counts as a closed one. */
static bool find_luasocket(lua_State *L, int index, struct sock **sock)
{
    int top = lua_gettop(L);
    luaL_checkstack(L, 3, NULL);
    bool is_object = luaL_getmetafield(L, index, "__luasocket") != 0;
    *sock = NULL;
    if (is_object) {
        lua_pushliteral(L, "sock");
        lua_rawget(L, index);
        (void)socket_find(L, lua_gettop(L), sock);
    }
    lua_settop(L, top);
    return is_object;
}

static const char *pack_table(struct packing *packing, int index)
{
    bool array;
    struct sock *sock;
    if (socket_find(packing->L, index, &sock) || find_luasocket(packing->L, index, &sock))
        return pack_socket(packing, sock);
    if (++packing->depth > VALUE_DEPTH)
        return value_too_deep;
    luaL_checkstack(packing->L, 5, NULL);
    size_t count = count_keys(packing->L, index, &array);
    const char *reason =
        array ? pack_array(packing, index, count) : pack_map(packing, index, count);
    packing->depth--;
    return reason;
}

static const char *pack_any(struct packing *packing, int index)
{
    size_t length;
    lua_State *L = packing->L;
    switch (lua_type(L, index)) {
    case LUA_TNIL:
        return msgpack_pack_nil(&packing->packer) ? value_no_memory : NULL;
    case LUA_TBOOLEAN:
        return (lua_toboolean(L, index) ? msgpack_pack_true(&packing->packer)
                                        : msgpack_pack_false(&packing->packer))
                   ? value_no_memory
                   : NULL;
    case LUA_TNUMBER:
        return pack_number(packing, lua_tonumber(L, index));
    case LUA_TSTRING: {
        const char *data = lua_tolstring(L, index, &length);
        return pack_bytes(packing, data, length);
    }
    case LUA_TTABLE:
        return pack_table(packing, index);
    default:
        return lua_type(L, index) == LUA_TFUNCTION ? "a function cannot be sent"
                                                   : "a value of this type cannot be sent";
    }
}

const char *value_pack(lua_State *L, int index, msgpack_sbuffer *out)
{
    struct packing packing = {.L = L};
    msgpack_packer_init(&packing.packer, out, msgpack_sbuffer_write);
    return pack_any(&packing, index);
}

bool value_is_no_memory(const char *reason)
{
    return reason == value_no_memory;
}

/* ---- pushing ---- */

static void push_any(lua_State *L, const msgpack_object *object, int depth);

static void push_array(lua_State *L, const msgpack_object_array *array, int depth)
{
    lua_createtable(L, (int)array->size, 0);
    for (uint32_t i = 0; i < array->size; i++) {
        push_any(L, &array->ptr[i], depth);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

/* Entries whose key is nil or not a number are no entries for Lua. */
static void push_map(lua_State *L, const msgpack_object_map *map, int depth)
{
    lua_createtable(L, 0, (int)map->size);
    for (uint32_t i = 0; i < map->size; i++) {
        push_any(L, &map->ptr[i].key, depth);
        push_any(L, &map->ptr[i].val, depth);
        if (lua_isnil(L, -2) || (lua_isnumber(L, -2) && isnan(lua_tonumber(L, -2))))
            lua_pop(L, 2);
        else
            lua_rawset(L, -3);
    }
}

static void push_any(lua_State *L, const msgpack_object *object, int depth)
{
    luaL_checkstack(L, 4, NULL);
    if (depth > VALUE_DEPTH)
        luaL_error(L, "%s", value_too_deep);
    switch (object->type) {
    case MSGPACK_OBJECT_BOOLEAN:
        lua_pushboolean(L, object->via.boolean);
        return;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        lua_pushnumber(L, (lua_Number)object->via.u64);
        return;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        lua_pushnumber(L, (lua_Number)object->via.i64);
        return;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
        lua_pushnumber(L, object->via.f64);
        return;
    case MSGPACK_OBJECT_STR:
        vm_push_bytes(L, object->via.str.ptr, object->via.str.size);
        return;
    case MSGPACK_OBJECT_BIN:
        vm_push_bytes(L, object->via.bin.ptr, object->via.bin.size);
        return;
    case MSGPACK_OBJECT_ARRAY:
        push_array(L, &object->via.array, depth + 1);
        return;
    case MSGPACK_OBJECT_MAP:
        push_map(L, &object->via.map, depth + 1);
        return;
    default: /* nil, and extensions, which have no meaning here */
        lua_pushnil(L);
    }
}

void value_push(lua_State *L, const msgpack_object *object)
{
    push_any(L, object, 0);
}
