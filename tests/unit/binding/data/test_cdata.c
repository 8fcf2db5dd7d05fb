/* Objects of 64 bits and null, made and read in C; with the ffi for scripts and without. */
#include "binding_fixture.h"

#include "binding/data/cdata.h"

TestSuite(cdata, .init = fixture_up, .fini = fixture_down);

/* fn(): what C pushes. */
static int push_all(lua_State *L)
{
    cdata_push_int64(L, INT64_MIN);
    cdata_push_uint64(L, UINT64_MAX);
    cdata_push_null(L);
    return 3;
}

static int push_at_the_limit(lua_State *L)
{
    cdata_push_integer(L, 99999999999999);
    cdata_push_integer(L, 100000000000000);
    cdata_push_integer(L, -99999999999999);
    cdata_push_integer(L, -100000000000000);
    cdata_push_unsigned(L, 99999999999999);
    cdata_push_unsigned(L, 100000000000000);
    return 6;
}

/* fn(value): its kind, and what is in it, as text. */
static int read_one(lua_State *L)
{
    static const char *const kinds[] = {"none",    "null",   "int64", "uint64",
                                        "boolean", "number", "other"};
    struct cdata cdata;
    char content[32] = "";
    int top = lua_gettop(L);
    cdata_read(L, 1, &cdata);
    cr_assert_eq(lua_gettop(L), top);
    if (cdata.kind == CDATA_INT64)
        snprintf(content, sizeof content, "%lld", (long long)cdata.integer);
    else if (cdata.kind == CDATA_UINT64)
        snprintf(content, sizeof content, "%llu", (unsigned long long)cdata.whole);
    else if (cdata.kind == CDATA_BOOLEAN)
        snprintf(content, sizeof content, "%d", cdata.boolean);
    else if (cdata.kind == CDATA_NUMBER)
        snprintf(content, sizeof content, "%g", cdata.number);
    lua_pushfstring(L, "%s %s", kinds[cdata.kind], content);
    return 1;
}

static const char *read_expression(const char *expression)
{
    char code[256];
    fixture_define(read_one);
    snprintf(code, sizeof code, "local ok, ffi = pcall(require, 'ffi') return fn(%s)", expression);
    return fixture_lua(code);
}

Test(cdata, pushes_what_scripts_know)
{
    fixture_define(push_all);
    cr_assert_str_eq(fixture_lua("local a, b, null = fn() return tostring(a), tostring(b),"
                                 "null == nil, type(null)"),
                     "-9223372036854775808LL 18446744073709551615ULL true cdata");
}

Test(cdata, small_integers_are_numbers)
{
    fixture_define(push_at_the_limit);
    cr_assert_str_eq(fixture_lua("local t = {fn()} for i = 1, 6 do t[i] = type(t[i]) end "
                                 "return unpack(t)"),
                     "number cdata number cdata number cdata");
}

Test(cdata, reads_each_kind)
{
    cr_assert_str_eq(read_expression("5"), "none ");
    cr_assert_str_eq(read_expression("'5LL'"), "none ");
    cr_assert_str_eq(read_expression("-5LL"), "int64 -5");
    cr_assert_str_eq(read_expression("-9223372036854775807LL - 1"), "int64 -9223372036854775808");
    cr_assert_str_eq(read_expression("18446744073709551615ULL"), "uint64 18446744073709551615");
    cr_assert_str_eq(read_expression("ffi.new('int', -7)"), "number -7");
    cr_assert_str_eq(read_expression("ffi.new('float', 1.5)"), "number 1.5");
    cr_assert_str_eq(read_expression("ffi.new('bool', true)"), "boolean 1");
    cr_assert_str_eq(read_expression("ffi.new('void *')"), "null ");
    cr_assert_str_eq(read_expression("ffi.cast('char *', 0)"), "null ");
    cr_assert_str_eq(read_expression("ffi.cast('char *', 8)"), "other ");
    cr_assert_str_eq(read_expression("ffi.new('int[3]')"), "other ");
    cr_assert_str_eq(read_expression("ffi.new('struct {int a;}')"), "other ");
    cr_assert_str_eq(read_expression("ffi.typeof('int')"), "other ");
    cr_assert_str_eq(read_expression("newproxy()"), "none ");
}

/* What a script's own type says of itself reaches no memory. */
Test(cdata, a_type_that_lies_is_believed_and_harmless)
{
    cr_assert_str_eq(read_expression("ffi.metatype('struct {char c;}', {"
                                     "__tostring = function() return '12LL' end})()"),
                     "int64 12");
    cr_assert_str_eq(read_expression("ffi.metatype('struct {short c;}', {"
                                     "__tostring = function() return '99999999999999999999LL' "
                                     "end})()"),
                     "other ");
}

Test(cdata, a_service_has_them_without_the_ffi)
{
    fixture_configure(&(struct binding_config){.service = true});
    fixture_define(push_all);
    cr_assert_str_eq(fixture_lua("local a, b, null = fn() return tostring(a), null == nil,"
                                 "(pcall(require, 'ffi'))"),
                     "-9223372036854775808LL true false");
}

/* LuaJIT loads the ffi by itself for such a number, once, and then it is there for all. */
Test(cdata, a_number_of_64_bits_in_a_script_brings_no_ffi)
{
    fixture_configure(&(struct binding_config){.service = true});
    cr_assert_str_eq(fixture_lua("local number = loadstring('return 5LL')()"
                                 "return tostring(number), (pcall(require, 'ffi')),"
                                 "package.loaded.ffi"),
                     "5LL false nil");
}

Test(cdata, a_service_may_be_given_the_ffi)
{
    fixture_configure(&(struct binding_config){.service = true, .ffi = true});
    cr_assert_str_eq(fixture_lua("return require('ffi').new('int', 5) == 5"), "true");
}
