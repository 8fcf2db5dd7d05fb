/* The settings of json and msgpack, as scripts change them. */
#include "binding_fixture.h"

#include "binding/data/serial.h"

TestSuite(serial_options, .init = fixture_up, .fini = fixture_down);

#define JSON "local json = require('json') "

Test(serial_options, defaults_are_shown)
{
    cr_assert_str_eq(fixture_lua(JSON "local c = json.cfg return c.encode_max_depth,"
                                      "c.encode_number_precision, c.encode_sparse_ratio,"
                                      "c.encode_sparse_safe, c.encode_sparse_convert,"
                                      "c.encode_use_tostring, c.decode_save_metatables"),
                     "128 14 2 10 true false true");
}

Test(serial_options, cfg_changes_them_for_its_module_only)
{
    cr_assert_str_eq(fixture_lua(JSON "json.cfg({encode_number_precision = 3})"
                                      "return json.encode(1/3), json.cfg.encode_number_precision,"
                                      "json.new().encode(1/3)"),
                     "0.333 3 0.33333333333333");
    cr_assert_str_eq(fixture_lua("return require('msgpack').cfg.encode_number_precision"), "14");
}

Test(serial_options, an_argument_changes_them_for_one_call)
{
    cr_assert_str_eq(fixture_lua(JSON "return json.encode(1/3, {encode_number_precision = 3}),"
                                      "json.encode(1/3)"),
                     "0.333 0.33333333333333");
}

Test(serial_options, switches_and_unknown_names)
{
    cr_assert_str_eq(fixture_lua(JSON "json.cfg({encode_invalid_as_nil = 5, nonsense = {}})"
                                      "return json.encode(print), json.cfg.encode_invalid_as_nil,"
                                      "json.cfg.nonsense"),
                     "null true nil");
}

Test(serial_options, a_wrong_one_changes_nothing)
{
    cr_assert_str_eq(fixture_lua(JSON "local ok, problem = pcall(json.cfg,"
                                      "{encode_max_depth = 5, decode_max_depth = 'x'})"
                                      "return ok, problem, json.cfg.encode_max_depth"),
                     "false test:1: decode_max_depth must be a number 128");
    static const char *const wrong[] = {"-1", "2^31", "0/0"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char code[128];
        snprintf(code, sizeof code, JSON "return (pcall(json.cfg, {encode_max_depth = %s}))",
                 wrong[i]);
        cr_expect_str_eq(fixture_lua(code), "false", "%s", wrong[i]);
    }
    cr_assert_str_eq(fixture_lua(JSON "return (pcall(json.cfg)), (pcall(json.cfg, 5)),"
                                      "(pcall(json.encode, 1, 5))"),
                     "false false false");
}

Test(serial_options, modules_share_null_and_metatables)
{
    cr_assert_str_eq(fixture_lua(JSON "local other, msgpack = json.new(), require('msgpack')"
                                      "return rawequal(json.NULL, msgpack.NULL),"
                                      "json.array_mt == msgpack.array_mt,"
                                      "json.map_mt == other.map_mt, other ~= json,"
                                      "type(json.new().new), json.null == nil"),
                     "true true true true function true");
}

Test(serial_options, a_decoded_table_that_is_added_to_is_the_scripts_own)
{
    cr_assert_str_eq(fixture_lua(JSON "local t = json.decode('[]')"
                                      "local before = getmetatable(t) == json.array_mt "
                                      "t.key = 'value'"
                                      "return before, getmetatable(t), t.key, json.encode(t)"),
                     "true nil value {\"key\":\"value\"}");
}
