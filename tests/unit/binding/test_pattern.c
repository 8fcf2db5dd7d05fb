/* The matcher, by what LuaJIT's own makes of the same patterns. */
#include "binding/pattern.h"

#include "binding_fixture.h"

#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(pattern, .init = fixture_up, .fini = fixture_down);

#define CASES 4000

/* pattern_cases.lua as the body of a function. To be freed. */
static char *cases(void)
{
    char path[4096], *text;
    size_t size;
    snprintf(path, sizeof path, "%s/tests/unit/binding/pattern_cases.lua", getenv("SOCKD_SOURCE"));
    FILE *file = fopen(path, "r"), *out = open_memstream(&text, &size);
    cr_assert_not_null(file);
    fputs("local function cases(...) ", out);
    for (int c; (c = fgetc(file)) != EOF;)
        fputc(c, out);
    fclose(file);
    fputs(" end ", out);
    fclose(out);
    return text;
}

/* What a plain machine says to them; valid until it is closed. */
static lua_State *ask_plain(const char *text, int seed)
{
    char *code;
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    cr_assert_gt(asprintf(&code, "%s return cases(%d, %d)", text, seed, CASES), 0);
    cr_assert_eq(luaL_loadbuffer(L, code, strlen(code), "=test"), 0);
    free(code);
    cr_assert_eq(lua_pcall(L, 0, 1, 0), 0, "%s", lua_tostring(L, -1));
    return L;
}

static lua_State *plain;

static int wanted(lua_State *L)
{
    size_t length;
    const char *text = lua_tolstring(plain, -1, &length);
    lua_pushlstring(L, text, length);
    return 1;
}

static void compare(int seed)
{
    char *code, *text = cases();
    plain = ask_plain(text, seed);
    fixture_define(wanted);
    cr_assert_gt(asprintf(&code,
                          "%s local got, want = cases(%d, %d), fn()"
                          " if got == want then return 'the same' end"
                          " local get, line = got:gmatch('[^\\n]*\\n?'), 0"
                          " for expected in want:gmatch('[^\\n]*\\n?') do"
                          "  local actual = get() line = line + 1"
                          "  if actual ~= expected then return line, actual, 'not', expected end"
                          " end",
                          text, seed, CASES),
                 0);
    cr_assert_str_eq(fixture_lua(code), "the same");
    lua_close(plain);
    free(text);
    free(code);
}

Test(pattern, finds_what_luajit_finds_and_throws_what_it_throws)
{
    compare(1);
    compare(20261129);
}

Test(pattern, magic_is_what_means_more_than_itself)
{
    for (const char *at = "^$*+?.([%-"; *at != 0; at++)
        cr_assert(pattern_is_magic(at, 1));
    cr_assert(!pattern_is_magic(")]{}abc \0", 9));
    cr_assert(!pattern_is_magic(".", 0));
}

/* ---- what it may cost ---- */

static void throws(const char *code, const char *text)
{
    char chunk[1024];
    snprintf(chunk, sizeof chunk, "return pcall(function() %s end)", code);
    const char *result = fixture_lua(chunk);
    cr_assert_not_null(strstr(result, text), "%s: %s", code, result);
}

Test(pattern, bombs_throw)
{
    static const char *const bombs[] = {
        "(('a'):rep(28)):find(('a?'):rep(28) .. ('a'):rep(28) .. 'b')",
        "('a'):rep(3000):match('.-.-.-.-b')",
        "('a'):rep(3000):find('a*a*a*a*b')",
        "('a'):rep(100000):match('a-b')",
        "('a'):rep(100000):match('.*x')",
        "('('):rep(100000):match('%b()')",
        "('a'):rep(100000):find('[' .. ('b'):rep(100000) .. 'a]*c')",
        "('a'):rep(30000):match('(a*)%1%1b')",
        "('a'):rep(100000):find('%f[' .. ('b'):rep(100000) .. ']')",
        "for _ in ('a'):rep(100000):gmatch('a-b') do end",
        "('x'):find('x' .. ('.'):rep(60000000))",
        "('a'):rep(3000):gsub('.-.-.-.-b', '')",
        "('a'):rep(3000):gsub('.-.-.-.-b', print)",
        "('a'):rep(300000):gsub('.-.-b', '')",
    };
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++)
        throws(bombs[i], "test:1: the pattern takes more than ");
}

Test(pattern, the_limit_is_an_option)
{
    struct binding_config config = {.pattern_steps = 100};
    fixture_configure(&config);
    throws("('a'):rep(200):match('a-b')", "takes more than 500 steps");
    throws("return ('a'):rep(50):match('^a*$')", "true aaaaa");
    throws("return ('a'):rep(200):match('^a*$')", "true aaaaa");
}

Test(pattern, megabytes_are_searched_once)
{
    throws("return (('a'):rep(16000000) .. 'b'):find('[^a]')", "true 16000001 16000001");
    throws("return (('a'):rep(8000000) .. 'b'):match('(b)$')", "true b");
}

Test(pattern, recursion_has_the_limit_of_luajit)
{
    throws("('a'):rep(300):find(('a?'):rep(250))", "pattern too complex");
    throws("('a'):rep(300):find(('a?'):rep(150))", "true");
}
