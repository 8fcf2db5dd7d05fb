/* tonumber64 of Tarantool: integers of 64 bits from their text; see extension.h. */
#include "binding/data/cdata.h"
#include "binding/extension.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A text without the white space around it, nor the sign and the 0x or 0b in front. */
struct tonumber_text {
    const char *start, *end;
    int base;
    bool negative;
};

/* The base that two characters at the front announce; 0: none, or not the one that was asked for.
 */
static int tonumber_front(const struct tonumber_text *text, int base)
{
    if (text->end - text->start <= 2 || text->start[0] != '0')
        return 0;
    int letter = tolower((unsigned char)text->start[1]);
    int found = letter == 'x' ? 16 : letter == 'b' ? 2 : 0;
    return base == -1 || base == found ? found : 0;
}

static void tonumber_trim(struct tonumber_text *text, int base)
{
    while (text->end > text->start && isspace((unsigned char)text->end[-1]))
        text->end--;
    while (text->start < text->end && isspace((unsigned char)*text->start))
        text->start++;
    text->negative = text->start < text->end && *text->start == '-';
    text->start += text->negative;
    int found = tonumber_front(text, base);
    text->start += found != 0 ? 2 : 0;
    text->base = found != 0 ? found : base == -1 ? 10 : base;
}

/* Behind the LL or ULL of an integer's text in Lua, which bases know that Lua's texts have. */
static const char *tonumber_skip_suffix(const char *end, int base)
{
    static const char *const suffixes[] = {"ull", "llu", "ll"};
    if (base != -1 && base != 2 && base != 16)
        return end;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (strncasecmp(end, suffixes[i], strlen(suffixes[i])) == 0)
            return end + strlen(suffixes[i]);
    return end;
}

static int tonumber_push(lua_State *L, uint64_t value, bool negative)
{
    if (!negative)
        cdata_push_unsigned(L, value);
    else if (value > (uint64_t)INT64_MAX + 1)
        lua_pushnil(L);
    else
        cdata_push_integer(L, (int64_t)(0 - value));
    return 1;
}

static int tonumber_parse(lua_State *L, int base)
{
    size_t length;
    struct tonumber_text text = {.start = lua_tolstring(L, 1, &length)};
    text.end = text.start + length;
    tonumber_trim(&text, base);
    char *digits_end;
    errno = 0;
    unsigned long long value = strtoull(text.start, &digits_end, text.base);
    const char *end =
        digits_end != text.start ? tonumber_skip_suffix(digits_end, base) : digits_end;
    if (text.start == text.end || errno != 0 || end != text.end)
        lua_pushnil(L);
    else
        tonumber_push(L, value, text.negative);
    return 1;
}

/* An integer of the ffi, or a number of it, is what it is. */
static int tonumber_cdata(lua_State *L, int base)
{
    struct cdata value;
    cdata_read(L, 1, &value);
    luaL_argcheck(L, value.kind == CDATA_NONE || base == -1 || base == 10, 1, "string expected");
    if (value.kind == CDATA_INT64 || value.kind == CDATA_UINT64 || value.kind == CDATA_NUMBER)
        lua_pushvalue(L, 1);
    else
        lua_pushnil(L);
    return 1;
}

/* tonumber64(value[, base]) */
static int tonumber64(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_Number number = luaL_optnumber(L, 2, -1);
    int base = number >= -1 && number < 37 ? (int)number : 0;
    luaL_argcheck(L, base == -1 || (base >= 2 && base <= 36), 2, "base out of range");
    if (lua_type(L, 1) == LUA_TSTRING)
        return tonumber_parse(L, base);
    if (lua_type(L, 1) != LUA_TNUMBER)
        return tonumber_cdata(L, base);
    luaL_argcheck(L, base == -1 || base == 10, 1, "string expected");
    lua_settop(L, 1);
    return 1;
}

const luaL_Reg extension_tarantool[] = {
    {"tonumber64", tonumber64},
    {NULL, NULL},
};
