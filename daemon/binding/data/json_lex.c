/* The tokens of a JSON text; see json_lex.h. */
#include "binding/data/json_lex.h"

#include <math.h>
#include <string.h>

const char *json_token_name(const struct json_token *token)
{
    static const char *const names[] = {
        [JSON_OBJECT_BEGIN] = "T_OBJ_BEGIN",
        [JSON_OBJECT_END] = "T_OBJ_END",
        [JSON_ARRAY_BEGIN] = "T_ARR_BEGIN",
        [JSON_ARRAY_END] = "T_ARR_END",
        [JSON_STRING] = "T_STRING",
        [JSON_NUMBER] = "T_NUMBER",
        [JSON_ODD] = "T_NUMBER",
        [JSON_UNSIGNED] = "T_INT",
        [JSON_INTEGER] = "T_INT",
        [JSON_BOOLEAN] = "T_BOOLEAN",
        [JSON_NULL] = "T_NULL",
        [JSON_COLON] = "T_COLON",
        [JSON_COMMA] = "T_COMMA",
        [JSON_END] = "T_END",
    };
    return token->kind == JSON_WRONG ? token->problem : names[token->kind];
}

void json_lex_place(const struct json_lex *lex, const struct json_token *token, size_t *line,
                    size_t *character)
{
    size_t line_start = 0;
    *line = 1;
    for (size_t i = 0; i < token->start; i++) {
        if (lex->text[i] == '\n') {
            line_start = i + 1;
            ++*line;
        }
    }
    *character = token->start - line_start + 1;
}

/* ---- strings ---- */

/* Four hexadecimal digits, or -1. */
static int json_hex(const char *text)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = text[i] >= '0' && text[i] <= '9'   ? text[i] - '0'
                    : text[i] >= 'a' && text[i] <= 'f' ? text[i] - 'a' + 10
                    : text[i] >= 'A' && text[i] <= 'F' ? text[i] - 'A' + 10
                                                       : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static size_t json_utf8(unsigned point, char utf8[4])
{
    if (point < 0x80) {
        utf8[0] = (char)point;
        return 1;
    }
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, point >>= 6)
        utf8[i] = (char)(0x80 | (point & 0x3f));
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    utf8[0] = (char)(leads[length] | point);
    return length;
}

/* Behind \u; a character beyond the first 65536 is written as two. */
static size_t json_unescape_unicode(const char *text, char utf8[4], size_t *length)
{
    int point = json_hex(text);
    if (point < 0 || (point >= 0xdc00 && point < 0xe000))
        return JSON_BAD_UNICODE;
    if (point < 0xd800 || point >= 0xe000) {
        *length = json_utf8((unsigned)point, utf8);
        return 5;
    }
    int low = text[4] == '\\' && text[5] == 'u' ? json_hex(text + 6) : -1;
    if (low < 0xdc00 || low >= 0xe000)
        return JSON_BAD_UNICODE;
    *length =
        json_utf8(0x10000U + (((unsigned)point & 0x3ff) << 10 | ((unsigned)low & 0x3ff)), utf8);
    return 11;
}

size_t json_unescape(const char *text, char utf8[4], size_t *length)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (text[0] == 'u')
        return json_unescape_unicode(text + 1, utf8, length);
    const char *name = text[0] != '\0' ? strchr(names, text[0]) : NULL;
    if (name == NULL)
        return 0;
    utf8[0] = meanings[name - names];
    *length = 1;
    return 1;
}

static struct json_token json_wrong(size_t start, const char *problem)
{
    return (struct json_token){.kind = JSON_WRONG, .start = start, .problem = problem};
}

/* `lex->at` is behind the first quote. */
static struct json_token json_lex_string(struct json_lex *lex)
{
    struct json_token token = {.kind = JSON_STRING, .start = lex->at - 1, .escapes = false};
    char utf8[4];
    size_t used, length;
    for (size_t i = lex->at; i < lex->length; i++) {
        if (lex->text[i] == '"') {
            token.end = i;
            lex->at = i + 1;
            return token;
        }
        if (lex->text[i] != '\\')
            continue;
        token.escapes = true;
        used = json_unescape(lex->text + i + 1, utf8, &length);
        if (used == 0 || used == JSON_BAD_UNICODE)
            return json_wrong(i, used == 0 ? "invalid escape code" : "invalid unicode escape code");
        i += used;
    }
    return json_wrong(lex->length, "unexpected end of string");
}

/* ---- numbers ---- */

static bool json_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t json_skip_digits(const char *text, size_t at)
{
    while (json_is_digit(text[at]))
        at++;
    return at;
}

/* Behind the whole part: where a point and digits, and an exponent, end. */
static size_t json_skip_fraction(const char *text, size_t at)
{
    if (text[at] == '.')
        at = json_skip_digits(text, at + 1);
    if (text[at] != 'e' && text[at] != 'E')
        return at;
    size_t digits = at + 1 + (text[at + 1] == '+' || text[at + 1] == '-');
    return json_is_digit(text[digits]) ? json_skip_digits(text, digits) : at;
}

/* The whole number in its digits, or false if it has more than 64 bits. */
static bool json_whole(const char *digit, const char *end, uint64_t *whole)
{
    for (*whole = 0; digit < end; digit++) {
        if (__builtin_mul_overflow(*whole, 10, whole) ||
            __builtin_add_overflow(*whole, (uint64_t)(*digit - '0'), whole))
            return false;
    }
    return true;
}

static void json_set_whole(const struct json_lex *lex, struct json_token *token, bool negative)
{
    uint64_t whole;
    if (!json_whole(lex->text + token->start + negative, lex->text + token->end, &whole))
        return;
    if (!negative || whole == 0) {
        token->kind = JSON_UNSIGNED;
        token->whole = whole;
    } else if (whole <= (uint64_t)INT64_MAX + 1) {
        token->kind = JSON_INTEGER;
        token->integer = (int64_t)-whole;
    }
}

static struct json_token json_lex_odd(struct json_lex *lex, size_t at, bool negative)
{
    struct json_token token = {.kind = JSON_ODD, .start = lex->at, .end = at + 3};
    if (lex->odd_numbers && strncmp(lex->text + at, "nan", 3) == 0)
        token.number = NAN;
    else if (lex->odd_numbers && strncmp(lex->text + at, "inf", 3) == 0)
        token.number = negative ? -INFINITY : INFINITY;
    else
        return json_wrong(lex->at, "invalid token");
    lex->at = token.end;
    return token;
}

static struct json_token json_lex_number(struct json_lex *lex)
{
    const char *text = lex->text;
    bool negative = text[lex->at] == '-';
    size_t first = lex->at + negative;
    if (!json_is_digit(text[first]))
        return json_lex_odd(lex, first, negative);
    if (text[first] == '0' && (json_is_digit(text[first + 1]) || (text[first + 1] | 0x20) == 'x'))
        return json_wrong(lex->at, "invalid token");
    size_t whole_end = json_skip_digits(text, first);
    struct json_token token = {
        .kind = JSON_NUMBER, .start = lex->at, .end = json_skip_fraction(text, whole_end)};
    if (token.end == whole_end)
        json_set_whole(lex, &token, negative);
    lex->at = token.end;
    return token;
}

/* ---- any ---- */

static struct json_token json_lex_word(struct json_lex *lex)
{
    static const struct {
        const char *word;
        size_t length;
        struct json_token token;
    } words[] = {
        {"true", 4, {.kind = JSON_BOOLEAN, .boolean = true}},
        {"false", 5, {.kind = JSON_BOOLEAN, .boolean = false}},
        {"null", 4, {.kind = JSON_NULL}},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(lex->text + lex->at, words[i].word, words[i].length) != 0)
            continue;
        struct json_token token = words[i].token;
        token.start = lex->at;
        lex->at += words[i].length;
        return token;
    }
    return json_lex_number(lex);
}

/* A loop: strspn(3) under a sanitizer measures the whole rest of the text each time. */
static void json_lex_skip_space(struct json_lex *lex)
{
    char byte;
    while ((byte = lex->text[lex->at]) == ' ' || byte == '\n' || byte == '\r' || byte == '\t')
        lex->at++;
}

/* The end is a zero byte too, but not each zero byte is the end. */
struct json_token json_lex_next(struct json_lex *lex)
{
    static const char marks[] = "{}[]:,";
    static const enum json_kind kinds[] = {JSON_OBJECT_BEGIN, JSON_OBJECT_END, JSON_ARRAY_BEGIN,
                                           JSON_ARRAY_END,    JSON_COLON,      JSON_COMMA};
    json_lex_skip_space(lex);
    struct json_token token = {.kind = JSON_END, .start = lex->at};
    if (lex->at >= lex->length)
        return token;
    char byte = lex->text[lex->at];
    const char *mark = byte != '\0' ? strchr(marks, byte) : NULL;
    if (mark == NULL && byte != '"')
        return json_lex_word(lex);
    lex->at++;
    if (byte == '"')
        return json_lex_string(lex);
    token.kind = kinds[mark - marks];
    return token;
}
