/* Values of Lua as MessagePack and back. */
#include "binding_fixture.h"

#include "binding/value.h"

TestSuite(value, .init = fixture_up, .fini = fixture_down);

/* fn(value): its bytes, or nil and the reason. */
static int pack(lua_State *L)
{
    msgpack_sbuffer bytes;
    msgpack_sbuffer_init(&bytes);
    const char *reason = value_pack(L, 1, &bytes);
    if (reason == NULL)
        lua_pushlstring(L, bytes.data != NULL ? bytes.data : "", bytes.size);
    else
        lua_pushnil(L);
    msgpack_sbuffer_destroy(&bytes);
    lua_pushstring(L, reason);
    return 2;
}

/* The bytes of an expression in hexadecimal. */
static const char *hex(const char *expression)
{
    char code[1024];
    fixture_define(pack);
    snprintf(code, sizeof code,
             "local bytes, reason = fn(%s)"
             "return bytes and bytes:gsub('.', function(c) return ('%%02x'):format(c:byte()) end)"
             ":sub(1, 200) or reason",
             expression);
    return fixture_lua(code);
}

Test(value, packs_each_type)
{
    cr_assert_str_eq(hex("nil"), "c0");
    cr_assert_str_eq(hex("true"), "c3");
    cr_assert_str_eq(hex("false"), "c2");
    cr_assert_str_eq(hex("5"), "05");
    cr_assert_str_eq(hex("-1"), "ff");
    cr_assert_str_eq(hex("2^53"), "cf0020000000000000");
    cr_assert_str_eq(hex("-2^53"), "d3ffe0000000000000");
    cr_assert_str_eq(hex("0.5"), "cb3fe0000000000000");
    cr_assert_str_eq(hex("1e300"), "cb7e37e43c8800759c");
    cr_assert_str_eq(hex("1/0"), "cb7ff0000000000000");
    cr_assert_str_eq(hex("'abc'"), "a3616263");
    cr_assert_str_eq(hex("''"), "a0");
    cr_assert_str_eq(hex("{1, 2, 'x'}"), "930102a178");
    cr_assert_str_eq(hex("{}"), "90");
    cr_assert_str_eq(hex("{a = 1}"), "81a16101");
    cr_assert_str_eq(hex("{[5] = 1}"), "81a13501");
}

Test(value, text_is_str_and_other_bytes_are_bin)
{
    static const char *const text[] = {"\\0", "\\195\\164", "\\226\\130\\172",
                                       "\\240\\159\\152\\128", "\\244\\143\\191\\191"};
    static const char *const bytes[] = {
        "\\128",           "\\195",     "\\192\\128",           "\\224\\128\\128", "\\255",
        "\\237\\160\\128", "\\195\\40", "\\244\\144\\128\\128", "\\226\\130",      "a\\240\\159",
    };
    char code[64];
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        snprintf(code, sizeof code, "'%s'", text[i]);
        cr_assert_eq(hex(code)[0], 'a', "%s", text[i]);
    }
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        snprintf(code, sizeof code, "'%s'", bytes[i]);
        cr_assert_eq(strncmp(hex(code), "c4", 2), 0, "%s", bytes[i]);
    }
}

Test(value, says_what_cannot_be_sent)
{
    cr_assert_str_eq(hex("print"), "a function cannot be sent");
    cr_assert_str_eq(hex("{{io.stdout}}"), "a value of this type cannot be sent");
    cr_assert_str_eq(hex("{[true] = 1}"),
                     "a table with a key that is neither text nor a number cannot be sent");
    cr_assert_str_eq(hex("(function() local t = {} t[1] = t return t end)()"),
                     "a table nests too deep, or in itself");
}

Test(value, sockets_are_their_numbers_and_live_on)
{
    cr_assert_str_eq(hex("{require('socket')('AF_INET', 'SOCK_STREAM', 'tcp')}"), "9101");
    lua_gc(vm_main(binding_vm(binding)), LUA_GCCOLLECT, 0);
    struct sock *sock = net_find(net, 1);
    cr_assert_not_null(sock);
    sock_close(sock);
    cr_assert_str_eq(hex("(function() local s = require('socket')('AF_INET', 'SOCK_STREAM',"
                         "'tcp') s:close() return s end)()"),
                     "a closed socket cannot be sent");
}

static msgpack_unpacked unpacked; /* left over when the push throws */

/* fn(bytes): the value. */
static int unpack(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    msgpack_unpacked_init(&unpacked);
    cr_assert_eq(msgpack_unpack_next(&unpacked, bytes, length, NULL), MSGPACK_UNPACK_SUCCESS);
    value_push(L, &unpacked.data);
    msgpack_unpacked_destroy(&unpacked);
    return 1;
}

Test(value, pushes_each_type)
{
    fixture_define(unpack);
    cr_assert_str_eq(fixture_lua("return fn('\\192'), fn('\\195'), fn('\\5'), fn('\\255'),"
                                 "fn('\\203\\63\\224\\0\\0\\0\\0\\0\\0'), fn('\\163abc'),"
                                 "fn('\\196\\3xyz'), fn('\\212\\1\\1')"),
                     "nil true 5 -1 0.5 abc xyz nil");
    cr_assert_str_eq(fixture_lua("local t = fn('\\147\\1\\192\\161x') return #t, t[1], t[3]"),
                     "3 1 x");
    cr_assert_str_eq(fixture_lua("local t = fn('\\130\\161a\\1\\192\\2') return t.a, next(t)"),
                     "1 a 1");
}

Test(value, refuses_to_nest_too_deep)
{
    fixture_define(unpack);
    cr_assert_str_eq(fixture_lua("return type(fn(('\\145'):rep(24) .. '\\1'))"), "table");
    cr_assert_not_null(
        strstr(fixture_lua("return pcall(fn, ('\\145'):rep(30) .. '\\1')"), "too deep"));
    msgpack_unpacked_destroy(&unpacked);
}
