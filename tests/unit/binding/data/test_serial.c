/* How values are seen when they are encoded, and the memory for what comes of it. */
#include "binding_fixture.h"

#include "binding/data/serial.h"

TestSuite(serial, .init = fixture_up, .fini = fixture_down);

static struct serial_options options;

static void defaults(void)
{
    options = (struct serial_options){
        .encode_max_depth = 128,
        .encode_sparse_ratio = 2,
        .encode_sparse_safe = 10,
        .encode_sparse_convert = true,
        .encode_invalid_numbers = true,
        .encode_load_metatables = true,
    };
}

/* fn(value): what it is seen as. */
static int see(lua_State *L)
{
    static const char *const kinds[] = {"nil",    "boolean", "integer", "unsigned",
                                        "double", "string",  "array",   "map"};
    struct serial_value value;
    char text[64];
    lua_settop(L, 1);
    serial_read(L, &options, &value);
    cr_assert_eq(lua_gettop(L), 1);
    if (value.kind == SERIAL_INTEGER)
        snprintf(text, sizeof text, "%lld", (long long)value.integer);
    else if (value.kind == SERIAL_UNSIGNED)
        snprintf(text, sizeof text, "%llu", (unsigned long long)value.whole);
    else if (value.kind == SERIAL_DOUBLE)
        snprintf(text, sizeof text, "%g", value.number);
    else if (value.kind == SERIAL_STRING)
        snprintf(text, sizeof text, "%.*s", (int)value.text.length, value.text.data);
    else if (value.kind == SERIAL_ARRAY || value.kind == SERIAL_MAP)
        snprintf(text, sizeof text, "%zu", value.count);
    else
        snprintf(text, sizeof text, "%d", value.kind == SERIAL_BOOLEAN && value.boolean);
    lua_pushfstring(L, "%s %s", kinds[value.kind], text);
    return 1;
}

static const char *seen(const char *expression)
{
    char code[512];
    fixture_define(see);
    snprintf(code, sizeof code,
             "local ok, text = pcall(fn, %s) return (text:gsub('^test:%%d+: ', ''))", expression);
    return fixture_lua(code);
}

Test(serial, scalars)
{
    defaults();
    cr_assert_str_eq(seen("nil"), "nil 0");
    cr_assert_str_eq(seen("true"), "boolean 1");
    cr_assert_str_eq(seen("false"), "boolean 0");
    cr_assert_str_eq(seen("5"), "unsigned 5");
    cr_assert_str_eq(seen("-5"), "integer -5");
    cr_assert_str_eq(seen("1.5"), "double 1.5");
    cr_assert_str_eq(seen("2^63"), "unsigned 9223372036854775808");
    cr_assert_str_eq(seen("2^64"), "double 1.84467e+19");
    cr_assert_str_eq(seen("-2^63"), "integer -9223372036854775808");
    cr_assert_str_eq(seen("-2^64"), "double -1.84467e+19");
    cr_assert_str_eq(seen("1/0"), "double inf");
    cr_assert_str_eq(seen("'text'"), "string text");
    cr_assert_str_eq(seen("18446744073709551615ULL"), "unsigned 18446744073709551615");
    cr_assert_str_eq(seen("-5LL"), "integer -5");
    cr_assert_str_eq(seen("5LL"), "unsigned 5");
    cr_assert_str_eq(seen("require('json').NULL"), "nil 0");
    cr_assert_str_eq(seen("require('ffi').new('int', -3)"), "integer -3");
    cr_assert_str_eq(seen("require('ffi').new('bool')"), "boolean 0");
}

Test(serial, tables_by_their_keys)
{
    defaults();
    cr_assert_str_eq(seen("{}"), "array 0");
    cr_assert_str_eq(seen("{1, 2}"), "array 2");
    cr_assert_str_eq(seen("{1, nil, 3}"), "array 3");
    cr_assert_str_eq(seen("{[10] = 1}"), "array 10");
    cr_assert_str_eq(seen("{[11] = 1}"), "map 1");
    cr_assert_str_eq(seen("{[1] = 1, [2] = 2, [3] = 3, [4] = 4, [5] = 5, [6] = 6, [12] = 7}"),
                     "array 12");
    cr_assert_str_eq(seen("{1, a = 2}"), "map 2");
    cr_assert_str_eq(seen("{[0] = 1}"), "map 1");
    cr_assert_str_eq(seen("{[1.5] = 1}"), "map 1");
    cr_assert_str_eq(seen("{[2^53] = 1}"), "map 1");
    options.encode_sparse_convert = false;
    cr_assert_str_eq(seen("{[11] = 1}"), "excessively sparse array");
    options.encode_sparse_ratio = 0;
    cr_assert_str_eq(seen("{[1000] = 1}"), "array 1000");
}

Test(serial, tables_by_their_marks)
{
    defaults();
    cr_assert_str_eq(seen("setmetatable({}, {__serialize = 'map'})"), "map 0");
    cr_assert_str_eq(seen("setmetatable({1, 2}, {__serialize = 'mapping'})"), "map 2");
    cr_assert_str_eq(seen("setmetatable({a = 1}, {__serialize = 'seq'})"), "array 0");
    cr_assert_str_eq(seen("setmetatable({1, 2, a = 1}, {__serialize = 'array'})"), "array 2");
    cr_assert_str_eq(seen("setmetatable({[30] = 1}, {__serialize = 'sequence'})"), "array 30");
    cr_assert_str_eq(seen("setmetatable({[2^40] = 1}, {__serialize = 'seq'})"),
                     "excessively sparse array");
    cr_assert_str_eq(seen("setmetatable({}, {__serialize = 'other'})"),
                     "invalid __serialize value");
    cr_assert_str_eq(seen("setmetatable({}, {__serialize = 5})"), "invalid __serialize value");
    options.encode_load_metatables = false;
    cr_assert_str_eq(seen("setmetatable({}, {__serialize = 'map'})"), "array 0");
}

Test(serial, what_serialize_returns_counts)
{
    defaults();
    cr_assert_str_eq(seen("setmetatable({5}, {__serialize = function(t) return t[1] end})"),
                     "unsigned 5");
    cr_assert_str_eq(seen("setmetatable({}, {__serialize = function() "
                          "return setmetatable({}, {__serialize = 'map'}) end})"),
                     "map 0");
    cr_assert_str_eq(seen("setmetatable({}, {__serialize = function() error('mine', 0) end})"),
                     "mine");
    cr_assert_str_eq(seen("setmetatable({}, {__serialize = function(t) return t end})"),
                     "__serialize does not come to an end");
    cr_assert_str_eq(seen("(function() local proxy = newproxy(true)"
                          "getmetatable(proxy).__serialize = function() return 'proxy' end "
                          "return proxy end)()"),
                     "string proxy");
}

Test(serial, what_cannot_be_encoded)
{
    defaults();
    cr_assert_str_eq(seen("print"), "unsupported Lua type 'function'");
    cr_assert_str_eq(seen("coroutine.create(print)"), "unsupported Lua type 'thread'");
    cr_assert_str_eq(seen("newproxy()"), "unsupported Lua type 'userdata'");
    cr_assert_str_eq(seen("require('ffi').new('int[2]')"), "unsupported Lua type 'cdata'");
    options.encode_invalid_numbers = false;
    cr_assert_str_eq(seen("0/0"), "number must not be NaN or Inf");
    options.encode_invalid_as_nil = true;
    cr_assert_str_eq(seen("0/0"), "nil 0");
    cr_assert_str_eq(seen("print"), "nil 0");
    options.encode_use_tostring = true;
    cr_assert_eq(strncmp(seen("print"), "string function: ", 17), 0);
    cr_assert_str_eq(seen("(function() tostring = function() return 5 end return print end)()"),
                     "'tostring' must return a string");
}

/* fn(depth) */
static int is_too_deep(lua_State *L)
{
    lua_pushboolean(
        L, serial_is_too_deep(L, &options, (int)lua_tointeger(L, 1), "too deep by level %d"));
    return 1;
}

Test(serial, depth)
{
    defaults();
    options.encode_max_depth = 2;
    fixture_define(is_too_deep);
    cr_assert_str_eq(fixture_lua("return fn(1)"), "false");
    cr_assert_str_eq(fixture_lua("return (fn(2))"), "error: test:1: too deep by level 3");
    options.encode_deep_as_nil = true;
    cr_assert_str_eq(fixture_lua("return fn(2)"), "true");
    options.encode_max_depth = INT32_MAX;
    cr_assert_str_eq(fixture_lua("return fn(999), fn(1000)"), "false true");
}

/* fn(piece, times): the pieces, one after another. */
static int repeat(lua_State *L)
{
    struct serial_out out;
    size_t length;
    const char *piece = lua_tolstring(L, 1, &length);
    lua_Integer times = lua_tointeger(L, 2);
    serial_out_init(&out, L);
    for (lua_Integer i = 0; i < times; i++)
        memcpy(serial_out_add(&out, length), piece, length);
    serial_out_push(&out);
    return 1;
}

Test(serial, output_grows)
{
    fixture_define(repeat);
    cr_assert_str_eq(fixture_lua("for _, n in ipairs({0, 1, 73, 74, 1000, 100000}) do "
                                 "if fn('1234567', n) ~= ('1234567'):rep(n) then return n end end "
                                 "local long = ('x'):rep(1e6)"
                                 "return fn(long, 3) == long:rep(3), fn('', 5) == ''"),
                     "true true");
}
