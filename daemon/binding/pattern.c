/* Matching; see pattern.h. The shape is that of all Lua's: one recursive function over the
 * pattern's items, which tries what may follow and takes back what did not lead to a match. */
#include "binding/pattern.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

/* How deep a match may recurse; LuaJIT's own limit, and some 30 KiB of stack. */
#define PATTERN_DEPTH 200

/* Captures that have no length. */
#define PATTERN_OPEN  (-1)
#define PATTERN_PLACE (-2)

#define ESCAPE        '%'

/* ---- classes of bytes: those of ASCII, whatever the locale ---- */

enum {
    ALPHA = 1,
    CNTRL = 2,
    DIGIT = 4,
    GRAPH = 8,
    LOWER = 16,
    PUNCT = 32,
    SPACE = 64,
    UPPER = 128,
    XDIGIT = 256,
    MAGIC = 512, /* means more than itself in a pattern */
};

#define LETTER(c) [(c) - 'a']
static const uint16_t pattern_classes[26] = {
    LETTER('a') = ALPHA,         LETTER('c') = CNTRL,  LETTER('d') = DIGIT, LETTER('g') = GRAPH,
    LETTER('l') = LOWER,         LETTER('p') = PUNCT,  LETTER('s') = SPACE, LETTER('u') = UPPER,
    LETTER('w') = ALPHA | DIGIT, LETTER('x') = XDIGIT,
};

#define DIGITS (DIGIT | XDIGIT | GRAPH)
#define HIGH   (UPPER | ALPHA | GRAPH)
#define LOW    (LOWER | ALPHA | GRAPH)
#define MARK   (PUNCT | GRAPH)
#define SIGN   (PUNCT | GRAPH | MAGIC)
static const uint16_t pattern_bytes[256] = {
    [0 ... 8] = CNTRL,     [9 ... 13] = CNTRL | SPACE,
    [14 ... 31] = CNTRL,   [' '] = SPACE,
    ['!' ... '#'] = MARK,  ['$' ... '%'] = SIGN,
    ['&' ... '\''] = MARK, ['('] = SIGN,
    [')'] = MARK,          ['*' ... '+'] = SIGN,
    [','] = MARK,          ['-' ... '.'] = SIGN,
    ['/'] = MARK,          ['0' ... '9'] = DIGITS,
    [':' ... '>'] = MARK,  ['?'] = SIGN,
    ['@'] = MARK,          ['A' ... 'F'] = HIGH | XDIGIT,
    ['G' ... 'Z'] = HIGH,  ['['] = SIGN,
    ['\\' ... ']'] = MARK, ['^'] = SIGN,
    ['_' ... '`'] = MARK,  ['a' ... 'f'] = LOW | XDIGIT,
    ['g' ... 'z'] = LOW,   ['{' ... '~'] = MARK,
    [127] = CNTRL,
};

static inline bool pattern_is(char byte, unsigned classes)
{
    return (pattern_bytes[(unsigned char)byte] & classes) != 0;
}

/* Whether the byte is of the class that an escape and `letter` name. */
static inline bool pattern_in_class(unsigned char byte, unsigned char letter)
{
    unsigned char lower = letter | 0x20;
    unsigned classes = lower >= 'a' && lower <= 'z' ? pattern_classes[lower - 'a'] : 0;
    bool inside;
    if (classes != 0)
        inside = (pattern_bytes[byte] & classes) != 0;
    else if (lower == 'z')
        inside = byte == 0;
    else
        return byte == letter;
    return inside == (letter == lower);
}

/* ---- errors ---- */

__attribute__((cold)) void pattern_fail(const struct pattern *pattern, const char *what)
{
    luaL_where(pattern->L, pattern->caller);
    lua_pushstring(pattern->L, what);
    lua_concat(pattern->L, 2);
    lua_error(pattern->L);
    __builtin_unreachable();
}

__attribute__((noreturn, cold)) static void pattern_exhausted(const struct pattern *pattern)
{
    char text[96];
    snprintf(text, sizeof text, "the pattern takes more than %lld steps to match",
             (long long)pattern->most);
    pattern_fail(pattern, text);
}

/* Of comparing an item with a byte: a long set is many comparisons. */
static inline int64_t pattern_cost(const char *item, const char *next)
{
    return (next - item + 3) / 4;
}

static inline void pattern_spend(struct pattern *pattern, int64_t steps)
{
    pattern->steps -= steps;
    if (__builtin_expect(pattern->steps < 0, 0))
        pattern_exhausted(pattern);
}

/* ---- items ---- */

/* Where the set ends that begins at `item`, behind its bracket. */
static const char *pattern_set_end(const struct pattern *pattern, const char *item)
{
    const char *at = item + 1;
    if (*at == '^')
        at++;
    do { /* the first may be a bracket itself */
        if (*at == 0)
            pattern_fail(pattern, "malformed pattern (missing ']')");
        if (*at++ == ESCAPE && *at != 0)
            at++;
    } while (*at != ']');
    return at + 1;
}

/* Where the item ends. */
static inline const char *pattern_item_end(const struct pattern *pattern, const char *item)
{
    if (*item == '[')
        return pattern_set_end(pattern, item);
    if (*item != ESCAPE)
        return item + 1;
    if (item[1] == 0)
        pattern_fail(pattern, "malformed pattern (ends with '%')");
    return item + 2;
}

/* `last` is the closing bracket. */
static bool pattern_in_set(unsigned char byte, const char *set, const char *last)
{
    bool inside = true;
    const char *at = set + 1;
    if (*at == '^') {
        inside = false;
        at++;
    }
    for (; at < last; at++) {
        if (*at == ESCAPE) {
            if (pattern_in_class(byte, (unsigned char)*++at))
                return inside;
        } else if (at[1] == '-' && at + 2 < last) {
            if ((unsigned char)at[0] <= byte && byte <= (unsigned char)at[2])
                return inside;
            at += 2;
        } else if ((unsigned char)*at == byte) {
            return inside;
        }
    }
    return !inside;
}

/* Whether the item up to `next` takes the byte. */
static inline bool pattern_takes(unsigned char byte, const char *item, const char *next)
{
    switch (*item) {
    case '.':
        return true;
    case ESCAPE:
        return pattern_in_class(byte, (unsigned char)item[1]);
    case '[':
        return pattern_in_set(byte, item, next - 1);
    default:
        return (unsigned char)*item == byte;
    }
}

/* ---- repetitions ---- */

static const char *pattern_do(struct pattern *pattern, const char *at, const char *item);

/* The end of the longest run from `at` of bytes that a set takes: a comparison for each of its
 * bytes, at worst. */
static const char *pattern_set_run(struct pattern *pattern, const char *at, const char *item,
                                   const char *next)
{
    int64_t cost = pattern_cost(item, next);
    for (; at < pattern->end && pattern_in_set((unsigned char)*at, item, next - 1); at++)
        pattern_spend(pattern, cost);
    return at;
}

/* The same of any item. */
static const char *pattern_run(struct pattern *pattern, const char *at, const char *item,
                               const char *next)
{
    const char *begin = at, *end = pattern->end;
    if (*item == '[')
        return pattern_set_run(pattern, at, item, next);
    if (end - at > pattern->steps)
        end = at + pattern->steps;
    if (*item == '.') {
        at = end;
    } else if (*item == ESCAPE) {
        while (at < end && pattern_in_class((unsigned char)*at, (unsigned char)item[1]))
            at++;
    } else {
        while (at < end && *at == *item)
            at++;
    }
    pattern_spend(pattern, at - begin + (at == end && end < pattern->end));
    return at;
}

/* As many as possible, then fewer, down to none from `at` on. */
static const char *pattern_longest(struct pattern *pattern, const char *at, const char *item,
                                   const char *next)
{
    for (const char *last = pattern_run(pattern, at, item, next); last >= at; last--) {
        const char *result = pattern_do(pattern, last, next + 1);
        if (result != NULL)
            return result;
    }
    return NULL;
}

static const char *pattern_shortest(struct pattern *pattern, const char *at, const char *item,
                                    const char *next)
{
    for (;; at++) {
        const char *result = pattern_do(pattern, at, next + 1);
        if (result != NULL)
            return result;
        if (at >= pattern->end || !pattern_takes((unsigned char)*at, item, next))
            return NULL;
        pattern_spend(pattern, pattern_cost(item, next));
    }
}

/* ---- %b, %f, captures ---- */

/* `item` is what follows the %b. */
static const char *pattern_balanced(struct pattern *pattern, const char *at, const char *item)
{
    if (item[0] == 0 || item[1] == 0)
        pattern_fail(pattern, "unbalanced pattern");
    if (at == pattern->end || *at != item[0])
        return NULL;
    const char *begin = at, *end = pattern->end;
    if (end - at > pattern->steps)
        end = at + pattern->steps;
    size_t open = 1;
    while (++at < end) {
        if (*at == item[1]) {
            if (--open == 0)
                break;
        } else if (*at == item[0]) {
            open++;
        }
    }
    pattern_spend(pattern, at - begin + (at >= end && end < pattern->end));
    return at < end ? at + 1 : NULL;
}

/* Whether the set that `set` is begins to take bytes there. */
static bool pattern_at_frontier(const struct pattern *pattern, const char *at, const char *set,
                                const char *next)
{
    unsigned char before = at == pattern->begin ? 0 : (unsigned char)at[-1];
    return !pattern_in_set(before, set, next - 1) &&
           pattern_in_set((unsigned char)*at, set, next - 1);
}

static const char *pattern_open(struct pattern *pattern, const char *at, const char *item)
{
    if (pattern->level >= PATTERN_CAPTURES)
        pattern_fail(pattern, "too many captures");
    bool place = item[1] == ')';
    pattern->captures[pattern->level++] =
        (struct pattern_capture){at, place ? PATTERN_PLACE : PATTERN_OPEN};
    const char *result = pattern_do(pattern, at, item + 1 + place);
    if (result == NULL)
        pattern->level--;
    return result;
}

static const char *pattern_close(struct pattern *pattern, const char *at, const char *item)
{
    int index = pattern->level - 1;
    while (index >= 0 && pattern->captures[index].length != PATTERN_OPEN)
        index--;
    if (index < 0)
        pattern_fail(pattern, "invalid pattern capture");
    struct pattern_capture *capture = &pattern->captures[index];
    capture->length = at - capture->start;
    const char *result = pattern_do(pattern, at, item + 1);
    if (result == NULL)
        capture->length = PATTERN_OPEN;
    return result;
}

/* The end of what equals the capture that the digit names, or NULL. */
static const char *pattern_again(struct pattern *pattern, const char *at, char digit)
{
    int index = digit - '1';
    if (index < 0 || index >= pattern->level || pattern->captures[index].length == PATTERN_OPEN)
        pattern_fail(pattern, "invalid capture index");
    const struct pattern_capture *capture = &pattern->captures[index];
    if (capture->length < 0 || capture->length > pattern->end - at)
        return NULL;
    pattern_spend(pattern, capture->length / 16);
    bool same = memcmp(capture->start, at, (size_t)capture->length) == 0;
    return same ? at + capture->length : NULL;
}

/* ---- matching ---- */

static inline bool pattern_is_class(const char *escape)
{
    return escape[1] != 'b' && escape[1] != 'f' && !pattern_is(escape[1], DIGIT);
}

/* An escape that is more than a class: what comes behind it in the pattern, and `*at` moves, to
 * NULL if it does not match. */
static const char *pattern_escape(struct pattern *pattern, const char **at, const char *item)
{
    if (item[1] == 'b') {
        *at = pattern_balanced(pattern, *at, item + 2);
        return item + 4;
    }
    if (item[1] == 'f') {
        if (item[2] != '[')
            pattern_fail(pattern, "missing '[' after '%f' in pattern");
        const char *next = pattern_set_end(pattern, item + 2);
        pattern_spend(pattern, pattern_cost(item, next));
        if (!pattern_at_frontier(pattern, *at, item + 2, next))
            *at = NULL;
        return next;
    }
    *at = pattern_again(pattern, *at, item[1]);
    return item + 2;
}

/* The end of the match from `at` of what the pattern has from `item` on, or NULL. */
static const char *pattern_items(struct pattern *pattern, const char *at, const char *item)
{
    for (;;) {
        const char *next;
        switch (*item) {
        case 0:
            return at;
        case '(':
            return pattern_open(pattern, at, item);
        case ')':
            return pattern_close(pattern, at, item);
        case '$':
            if (item[1] == 0)
                return at == pattern->end ? at : NULL;
            break;
        case ESCAPE:
            if (pattern_is_class(item))
                break;
            item = pattern_escape(pattern, &at, item);
            if (at == NULL)
                return NULL;
            continue;
        }
        next = pattern_item_end(pattern, item);
        pattern_spend(pattern, pattern_cost(item, next));
        bool takes = at < pattern->end && pattern_takes((unsigned char)*at, item, next);
        switch (*next) {
        case '*':
            return pattern_longest(pattern, at, item, next);
        case '+':
            return takes ? pattern_longest(pattern, at + 1, item, next) : NULL;
        case '-':
            return pattern_shortest(pattern, at, item, next);
        case '?':
            if (takes) {
                const char *result = pattern_do(pattern, at + 1, next + 1);
                if (result != NULL)
                    return result;
            }
            item = next + 1;
            continue;
        default:
            if (!takes)
                return NULL;
            at++;
            item = next;
        }
    }
}

/* The same, one deeper. */
static const char *pattern_do(struct pattern *pattern, const char *at, const char *item)
{
    if (++pattern->depth > PATTERN_DEPTH)
        pattern_fail(pattern, "pattern too complex");
    const char *result = pattern_items(pattern, at, item);
    pattern->depth--;
    return result;
}

const char *pattern_match(struct pattern *pattern, const char *at)
{
    pattern->level = 0;
    pattern->depth = 1;
    return pattern_items(pattern, at, pattern->text);
}

/* The item that every match begins with, and in `*next` its end; NULL if there is no such. */
static const char *pattern_first(const struct pattern *pattern, const char **next)
{
    const char *text = pattern->text;
    if (pattern->anchored || *text == 0 || *text == ')')
        return NULL;
    if (pattern_is(*text, MAGIC) && *text != '[' &&
        (*text != ESCAPE || text[1] == 0 || !pattern_is_class(text)))
        return NULL;
    *next = pattern_item_end(pattern, text);
    return **next == '*' || **next == '?' || **next == '-' ? NULL : text;
}

/* The next place from `from` on that the item takes; the end if there is none. */
static const char *pattern_skip(struct pattern *pattern, const char *from, const char *item,
                                const char *next)
{
    int64_t cost = pattern_cost(item, next);
    if (!pattern_is(*item, MAGIC)) {
        const char *found = memchr(from, *item, (size_t)(pattern->end - from));
        return found != NULL ? found : pattern->end;
    }
    while (from < pattern->end && pattern->steps >= 0 &&
           !pattern_takes((unsigned char)*from, item, next)) {
        pattern->steps -= cost;
        from++;
    }
    return from;
}

const char *pattern_search(struct pattern *pattern, const char **at, int64_t reserve)
{
    const char *next = NULL, *first = pattern_first(pattern, &next), *from = *at;
    *at = NULL;
    for (; from <= pattern->end; from++) {
        if (first != NULL)
            from = pattern_skip(pattern, from, first, next);
        if (first != NULL && from == pattern->end)
            return NULL;
        if (pattern->steps < reserve) {
            *at = from;
            return NULL;
        }
        const char *result = pattern_match(pattern, from);
        if (result != NULL) {
            *at = from;
            return result;
        }
        if (pattern->anchored)
            return NULL;
    }
    return NULL;
}

/* ---- what is wanted of a match ---- */

void pattern_push_capture(struct pattern *pattern, int index, const char *from, const char *to)
{
    if (index >= pattern->level) {
        if (index > 0)
            pattern_fail(pattern, "invalid capture index");
        lua_pushlstring(pattern->L, from, (size_t)(to - from));
        return;
    }
    const struct pattern_capture *capture = &pattern->captures[index];
    if (capture->length == PATTERN_OPEN)
        pattern_fail(pattern, "unfinished capture");
    if (capture->length == PATTERN_PLACE)
        lua_pushinteger(pattern->L, capture->start - pattern->begin + 1);
    else
        lua_pushlstring(pattern->L, capture->start, (size_t)capture->length);
}

int pattern_push_captures(struct pattern *pattern, const char *from, const char *to)
{
    int count = pattern->level == 0 && from != NULL ? 1 : pattern->level;
    if (count > LUA_MINSTACK / 2)
        luaL_checkstack(pattern->L, count, "too many captures");
    for (int i = 0; i < count; i++)
        pattern_push_capture(pattern, i, from, to);
    return count;
}

/* ---- beginning ---- */

bool pattern_is_magic(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (pattern_is(text[i], MAGIC))
            return true;
    return false;
}

void pattern_init(struct pattern *pattern, lua_State *L, const struct pattern_strings *strings,
                  int64_t steps, bool can_anchor)
{
    pattern->L = L;
    pattern->caller = 1;
    int64_t extra = 2 * (int64_t)strings->length;
    steps += extra < 4 * steps ? extra : 4 * steps;
    pattern->most = pattern->steps = steps;
    pattern->begin = strings->subject;
    pattern->end = strings->subject + strings->length;
    pattern->anchored = can_anchor && *strings->text == '^';
    pattern->text = strings->text + pattern->anchored;
    if ((int64_t)strings->size > pattern->steps)
        pattern_exhausted(pattern);
}
