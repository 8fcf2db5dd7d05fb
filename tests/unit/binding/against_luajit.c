/* See against_luajit.h. */
#include "against_luajit.h"

#include "binding_fixture.h"

#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file as the body of a function. To be freed. */
static char *cases(const char *name)
{
    char path[4096], *text;
    size_t size;
    snprintf(path, sizeof path, "%s/tests/unit/binding/%s", getenv("SOCKD_SOURCE"), name);
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
static lua_State *ask_plain(const char *text, int seed, int count)
{
    char *code;
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    cr_assert_gt(asprintf(&code, "%s return cases(%d, %d)", text, seed, count), 0);
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

void against_luajit(const char *name, int seed, int count)
{
    char *code, *text = cases(name);
    plain = ask_plain(text, seed, count);
    fixture_define(wanted);
    cr_assert_gt(asprintf(&code,
                          "%s local got, want = cases(%d, %d), fn()"
                          " if got == want then return 'the same' end"
                          " local get, line = got:gmatch('[^\\n]*\\n?'), 0"
                          " for expected in want:gmatch('[^\\n]*\\n?') do"
                          "  local actual = get() line = line + 1"
                          "  if actual ~= expected then return line, actual, 'not', expected end"
                          " end",
                          text, seed, count),
                 0);
    cr_assert_str_eq(fixture_lua(code), "the same");
    lua_close(plain);
    free(text);
    free(code);
}
