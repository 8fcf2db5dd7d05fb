/*
 * Patterns of Lua: the matcher behind find, match, gmatch and gsub, with the rules and the errors
 * of LuaJIT's own and a limit on what one call may cost. Each piece of a pattern that is compared
 * with a byte is a step, and a match that takes more steps than there are throws, for no hook
 * reaches into C. How deep it recurses is limited as in LuaJIT.
 */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many as LuaJIT allows. */
#define PATTERN_CAPTURES 32

struct pattern_capture {
    const char *start;
    ptrdiff_t length; /* or PATTERN_OPEN, PATTERN_PLACE */
};

/* Strings of Lua's, which stay where they are. */
struct pattern_strings {
    const char *subject, *text;
    size_t length, size;
};

struct pattern {
    lua_State *L;
    int caller;              /* luaL_where's level of the script, for errors */
    int64_t steps;           /* that are left */
    int64_t most;            /* of them */
    const char *begin, *end; /* the subject */
    const char *text;        /* the pattern, without its anchor; a NUL follows it */
    bool anchored;
    int depth;
    int level; /* captures so far */
    struct pattern_capture captures[PATTERN_CAPTURES];
};

/* Whether the text is more than itself as a pattern. */
bool pattern_is_magic(const char *text, size_t length);

/*
 * `can_anchor`: a ^ at the beginning is an anchor. A subject of megabytes takes more than `steps`
 * to go through it once: it has two more for each byte, up to five times as many in all. Throws if
 * the pattern alone is longer.
 */
void pattern_init(struct pattern *pattern, lua_State *L, const struct pattern_strings *strings,
                  int64_t steps, bool can_anchor);

/* Throws, naming the place in the script. */
__attribute__((noreturn)) void pattern_fail(const struct pattern *pattern, const char *what);

/* The end of the match that begins at `at`, or NULL. Throws where the pattern is malformed or costs
 * too much. */
const char *pattern_match(struct pattern *pattern, const char *at);

/*
 * The first match that begins at `*at` or behind it: its end, and in `*at` its beginning; or NULL.
 * Stops between two places when fewer than `reserve` steps are left: NULL, and `*at` is where to go
 * on. When it is through `*at` is NULL.
 */
const char *pattern_search(struct pattern *pattern, const char **at, int64_t reserve);

/* Pushes capture `index`, from 0; without captures the first is the whole match. */
void pattern_push_capture(struct pattern *pattern, int index, const char *from, const char *to);

/* Pushes all captures, or, without any and with `from` not NULL, the whole match. How many. */
int pattern_push_captures(struct pattern *pattern, const char *from, const char *to);
