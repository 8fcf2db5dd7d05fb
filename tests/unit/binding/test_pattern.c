/* The matcher, by what LuaJIT's own makes of the same patterns. */
#include "binding/pattern.h"

#include "against_luajit.h"
#include "binding_fixture.h"

#include <stdio.h>
#include <string.h>

TestSuite(pattern, .init = fixture_up, .fini = fixture_down);

Test(pattern, finds_what_luajit_finds_and_throws_what_it_throws)
{
    against_luajit("pattern_cases.lua", 1, 4000);
    against_luajit("pattern_cases.lua", 20261129, 4000);
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
