/*
 * find, match, gmatch, gsub of the module `string`, over the matcher of pattern.c. They take the
 * places of LuaJIT's, which no script can reach any more.
 *
 * What calls a script back is a loop in lua/string.lua over pieces that are here, so that the
 * script may wait in there and be preempted, and so that nothing recurses in C.
 */
#include "binding/binding_private.h"
#include "binding/data/serial.h"
#include "binding/pattern.h"

#include <lauxlib.h>
#include <string.h>

/* Steps that one of the pieces takes before others may have their turn: some milliseconds. */
#define STRING_SLICE 1000000

/* How numbers beyond 32 bits are seen. */
static int32_t string_integer(lua_Number number)
{
    return number >= INT32_MIN && number <= INT32_MAX ? (int32_t)number : INT32_MIN;
}

/* The place to begin at, argument 3, as an offset. */
static size_t string_offset(lua_State *L, size_t length)
{
    if (lua_gettop(L) == 2)
        return 0;
    int64_t place = lua_isnoneornil(L, 3) ? 1 : string_integer(luaL_checknumber(L, 3));
    int64_t offset = place < 0 ? place + (int64_t)length : place - 1;
    if (offset < 0)
        return 0;
    return (size_t)offset < length ? (size_t)offset : length;
}

static int string_push_range(lua_State *L, const char *subject, const char *from, const char *to)
{
    lua_pushinteger(L, from - subject + 1);
    lua_pushinteger(L, to - subject);
    return 2;
}

/* Places that begin like a text and turn out to be none, before the search takes its time to think.
 */
#define STRING_TRIES 8

static const char *string_locate(const struct pattern_strings *strings, size_t offset)
{
    const char *at = strings->subject + offset, *text = strings->text;
    size_t left = strings->length - offset, size = strings->size;
    for (int i = 0; i < STRING_TRIES && size > 0 && size <= left; i++) {
        const char *found = memchr(at, *text, left - size + 1);
        if (found == NULL || memcmp(found, text, size) == 0)
            return found;
        left -= (size_t)(found + 1 - at);
        at = found + 1;
    }
    return memmem(at, left, text, size);
}

/* As it is, nothing in it means anything else. */
static int string_find_plain(lua_State *L, const struct pattern_strings *strings, size_t offset)
{
    const char *found = string_locate(strings, offset);
    if (found != NULL)
        return string_push_range(L, strings->subject, found, found + strings->size);
    lua_pushnil(L);
    return 1;
}

/* The steps that a match may take; the first upvalue is the binding. */
static int64_t string_steps(lua_State *L)
{
    const struct binding *binding = lua_touserdata(L, lua_upvalueindex(1));
    return binding->pattern_steps;
}

static void string_arguments(lua_State *L, struct pattern_strings *strings)
{
    strings->subject = luaL_checklstring(L, 1, &strings->length);
    strings->text = luaL_checklstring(L, 2, &strings->size);
}

static int string_search(lua_State *L, const struct pattern_strings *strings, size_t offset,
                         bool find)
{
    struct pattern pattern;
    pattern_init(&pattern, L, strings, string_steps(L), true);
    const char *from = pattern.begin + offset;
    const char *to = pattern_search(&pattern, &from, 0);
    if (to == NULL) {
        lua_pushnil(L);
        return 1;
    }
    if (!find)
        return pattern_push_captures(&pattern, from, to);
    int results = string_push_range(L, pattern.begin, from, to);
    return results + pattern_push_captures(&pattern, NULL, NULL);
}

static int string_find(lua_State *L)
{
    struct pattern_strings strings;
    string_arguments(L, &strings);
    size_t offset = string_offset(L, strings.length);
    if (!pattern_is_magic(strings.text, strings.size) || lua_toboolean(L, 4))
        return string_find_plain(L, &strings, offset);
    return string_search(L, &strings, offset, true);
}

static int string_match(lua_State *L)
{
    struct pattern_strings strings;
    string_arguments(L, &strings);
    return string_search(L, &strings, string_offset(L, strings.length), false);
}

/* ---- gmatch ---- */

struct string_gmatch {
    struct pattern_strings strings;
    size_t offset; /* to go on at */
    int64_t steps; /* for a match */
};

/* It is the first upvalue; the others keep the strings. */
static int string_gmatch_next(lua_State *L)
{
    struct pattern pattern;
    struct string_gmatch *state = lua_touserdata(L, lua_upvalueindex(1));
    pattern_init(&pattern, L, &state->strings, state->steps, false);
    const char *from = pattern.begin + state->offset;
    const char *to = from <= pattern.end ? pattern_search(&pattern, &from, 0) : NULL;
    if (to == NULL)
        return 0;
    /* Behind an empty match it goes on one further. */
    state->offset = (size_t)(to - pattern.begin) + (to == from);
    return pattern_push_captures(&pattern, from, to);
}

static int string_gmatch(lua_State *L)
{
    struct pattern_strings strings;
    string_arguments(L, &strings);
    lua_settop(L, 2);
    struct string_gmatch *state = lua_newuserdata(L, sizeof *state);
    *state = (struct string_gmatch){strings, 0, string_steps(L)};
    lua_insert(L, 1);
    lua_pushcclosure(L, string_gmatch_next, 3);
    return 1;
}

/* ---- gsub ---- */

static void string_add(struct serial_out *out, const char *text, size_t length)
{
    memcpy(serial_out_add(out, length), text, length);
}

/* Capture `index` as text. */
static void string_add_capture(struct pattern *pattern, struct serial_out *out, int index,
                               const char *from, const char *to)
{
    size_t length;
    pattern_push_capture(pattern, index, from, to);
    const char *text = lua_tolstring(pattern->L, -1, &length);
    string_add(out, text, length);
    lua_pop(pattern->L, 1);
}

/* What argument 3, a string, makes of a match. */
static void string_add_text(struct pattern *pattern, struct serial_out *out, const char *from,
                            const char *to)
{
    size_t length;
    const char *text = lua_tolstring(pattern->L, 3, &length), *end = text + length;
    while (text < end) {
        const char *escape = memchr(text, '%', (size_t)(end - text));
        string_add(out, text, (size_t)((escape != NULL ? escape : end) - text));
        if (escape == NULL)
            return;
        if (escape[1] == '0')
            string_add(out, from, (size_t)(to - from));
        else if (escape[1] > '0' && escape[1] <= '9')
            string_add_capture(pattern, out, escape[1] - '1', from, to);
        else
            string_add(out, escape + 1, 1); /* behind the last there is a NUL */
        text = escape + 2;
    }
}

/* What a table, argument 3, has for a match; it has no metatable. */
static void string_add_field(struct pattern *pattern, struct serial_out *out, const char *from,
                             const char *to)
{
    lua_State *L = pattern->L;
    size_t length = (size_t)(to - from);
    pattern_push_capture(pattern, 0, from, to);
    lua_rawget(L, 3);
    if (lua_toboolean(L, -1)) {
        if (!lua_isstring(L, -1))
            pattern_fail(pattern, lua_pushfstring(L, "invalid replacement value (a %s)",
                                                  luaL_typename(L, -1)));
        from = lua_tolstring(L, -1, &length);
    }
    string_add(out, from, length);
    lua_pop(L, 1);
}

/* Where a substitution stands. */
struct string_gsub {
    const char *copied; /* up to here the result is there */
    const char *at;     /* where the next match may begin; NULL: there are no more */
    int64_t count, most;
};

/* Replaces until it is through, or until as many steps are left. */
static void string_replace(struct pattern *pattern, struct serial_out *out,
                           struct string_gsub *state, int64_t reserve)
{
    bool is_table = lua_istable(pattern->L, 3);
    while (state->at != NULL && state->at <= pattern->end && state->count < state->most) {
        const char *to = pattern_search(pattern, &state->at, reserve);
        if (to == NULL)
            return;
        string_add(out, state->copied, (size_t)(state->at - state->copied));
        size_t before = out->length;
        (is_table ? string_add_field : string_add_text)(pattern, out, state->at, to);
        pattern->steps -= (int64_t)(out->length - before) / 16;
        state->copied = to;
        state->at = pattern->anchored ? NULL : to + (to == state->at);
        state->count++;
    }
    state->at = NULL;
}

static int64_t string_most(lua_State *L, size_t length)
{
    return lua_isnoneornil(L, 4) ? (int64_t)length + 1 : string_integer(luaL_checknumber(L, 4));
}

/* gsub(subject, pattern, replacement[, most]) where that is a string or a table without a
 * metatable, in one piece. */
static int string_gsub(lua_State *L)
{
    struct pattern pattern;
    struct serial_out out;
    struct pattern_strings strings;
    string_arguments(L, &strings);
    struct string_gsub state = {strings.subject, strings.subject, 0,
                                string_most(L, strings.length)};
    int type = lua_type(L, 3);
    if (type != LUA_TSTRING && type != LUA_TNUMBER && type != LUA_TTABLE)
        luaL_argerror(L, 3, "string/function/table expected");
    pattern_init(&pattern, L, &strings, string_steps(L), true);
    lua_settop(L, 3);
    serial_out_init(&out, L);
    string_replace(&pattern, &out, &state, INT64_MIN);
    if (state.count == 0) {
        lua_pushvalue(L, 1);
        lua_tostring(L, -1);
    } else {
        string_add(&out, state.copied, (size_t)(pattern.end - state.copied));
        serial_out_push(&out);
    }
    lua_pushnumber(L, (lua_Number)state.count);
    return 2;
}

/*
 * gsub_some(subject, pattern, replacement, copied, at, most): a slice of what gsub does, from the
 * offsets on. Returns what comes out, how often it replaced, how far the result is there, and where
 * to go on, or nil.
 */
static int string_gsub_some(lua_State *L)
{
    struct pattern pattern;
    struct serial_out out;
    struct pattern_strings strings;
    string_arguments(L, &strings);
    pattern_init(&pattern, L, &strings, string_steps(L), true);
    pattern.caller = 2; /* it called a function in Lua, and that called this one */
    struct string_gsub state = {strings.subject + (size_t)lua_tonumber(L, 4),
                                strings.subject + (size_t)lua_tonumber(L, 5), 0,
                                (int64_t)lua_tonumber(L, 6)};
    lua_settop(L, 3);
    serial_out_init(&out, L);
    string_replace(&pattern, &out, &state, pattern.steps - STRING_SLICE);
    serial_out_push(&out);
    lua_pushnumber(L, (lua_Number)state.count);
    lua_pushnumber(L, (lua_Number)(state.copied - pattern.begin));
    if (state.at == NULL)
        return 3;
    lua_pushnumber(L, (lua_Number)(state.at - pattern.begin));
    return 4;
}

/* ---- gsub with a function ---- */

/* It stands in a userdata with its result so far, and is replaced by a larger one as that grows. */
struct string_asking {
    struct pattern_strings strings; /* the function in Lua keeps them */
    size_t copied, at; /* offsets: up to where the result is there, and where to go on */
    size_t from, to;   /* the match that the script was asked about */
    int64_t count, most;
    bool asked, one, over;
    size_t length, capacity;
    char result[];
};

/* Room for the first result. */
#define STRING_ROOM 128

static void string_ask_add(lua_State *L, struct string_asking **asking, const char *text,
                           size_t length)
{
    struct string_asking *from = *asking;
    if (from->capacity - from->length < length) {
        size_t capacity = 2 * (from->length + length);
        struct string_asking *to = lua_newuserdata(L, sizeof *to + capacity);
        memcpy(to, from, sizeof *to + from->length);
        to->capacity = capacity;
        lua_replace(L, 1);
        *asking = to;
    }
    memcpy((*asking)->result + (*asking)->length, text, length);
    (*asking)->length += length;
}

/* What the script has answered, at place 2, takes the place of the match. */
static void string_ask_take(lua_State *L, struct string_asking **asking,
                            const struct pattern *pattern)
{
    struct string_asking *state = *asking;
    const char *subject = state->strings.subject, *text = subject + state->from;
    size_t length = state->to - state->from;
    if (lua_toboolean(L, 2)) {
        if (!lua_isstring(L, 2))
            pattern_fail(pattern, lua_pushfstring(L, "invalid replacement value (a %s)",
                                                  luaL_typename(L, 2)));
        text = lua_tolstring(L, 2, &length);
    }
    string_ask_add(L, asking, subject + state->copied, state->from - state->copied);
    string_ask_add(L, asking, text, length);
    state = *asking;
    state->asked = false;
    state->copied = state->to;
    state->at = state->to + (state->to == state->from);
    state->over =
        state->count >= state->most || pattern->anchored || state->at > state->strings.length;
}

/* nil, and what gsub returns. */
static int string_ask_end(lua_State *L, struct string_asking **asking)
{
    const struct string_asking *state = *asking;
    lua_pushnil(L);
    if (state->count == 0) {
        lua_pushlstring(L, state->strings.subject, state->strings.length);
    } else {
        string_ask_add(L, asking, state->strings.subject + state->copied,
                       state->strings.length - state->copied);
        lua_pushlstring(L, (*asking)->result, (*asking)->length);
    }
    lua_pushnumber(L, (lua_Number)(*asking)->count);
    return 3;
}

/*
 * The next match: the state and the captures, or one of them, to ask the script about. Or false and
 * the state after a slice without a match; or what string_ask_end returns.
 */
static int string_ask_next(lua_State *L, struct string_asking *state)
{
    struct pattern pattern;
    pattern_init(&pattern, L, &state->strings, string_steps(L), true);
    pattern.caller = 2; /* it called a function in Lua, and that called this one */
    if (state->asked)
        string_ask_take(L, &state, &pattern);
    lua_settop(L, 1);
    const char *from = pattern.begin + state->at;
    const char *to =
        state->over ? NULL : pattern_search(&pattern, &from, pattern.steps - STRING_SLICE);
    if (to == NULL && (state->over || from == NULL))
        return string_ask_end(L, &state);
    if (to == NULL) {
        state->at = (size_t)(from - pattern.begin);
        lua_pushboolean(L, false);
        lua_insert(L, 1);
        return 2;
    }
    state->from = (size_t)(from - pattern.begin);
    state->to = (size_t)(to - pattern.begin);
    state->asked = true;
    state->count++;
    if (!state->one)
        return 1 + pattern_push_captures(&pattern, from, to);
    pattern_push_capture(&pattern, 0, from, to);
    return 2;
}

/* ask(subject, pattern, most, one): begins, for `most` matches. */
static int string_ask(lua_State *L)
{
    struct pattern_strings strings;
    string_arguments(L, &strings);
    size_t capacity = strings.length + STRING_ROOM;
    struct string_asking *state = lua_newuserdata(L, sizeof *state + capacity);
    *state = (struct string_asking){.strings = strings, .capacity = capacity};
    state->most = (int64_t)lua_tonumber(L, 3);
    state->over = state->most <= 0;
    state->one = lua_toboolean(L, 4);
    lua_replace(L, 1);
    return string_ask_next(L, state);
}

/* asked(state, answer): goes on. */
static int string_asked(lua_State *L)
{
    return string_ask_next(L, lua_touserdata(L, 1));
}

/* ---- opening ---- */

static void string_set(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_pushlightuserdata(L, binding_of(L));
    lua_pushcclosure(L, fn, 1);
    lua_setfield(L, -2, name);
}

void string_module_open(lua_State *L, int internals)
{
    lua_getglobal(L, "string");
    string_set(L, "find", string_find);
    string_set(L, "match", string_match);
    string_set(L, "gmatch", string_gmatch);
    lua_pop(L, 1);
    lua_newtable(L);
    string_set(L, "gsub", string_gsub);
    string_set(L, "gsub_some", string_gsub_some);
    string_set(L, "ask", string_ask);
    string_set(L, "asked", string_asked);
    lua_setfield(L, internals, "string");
}
