/*
 * Where in a configuration file something stands. Lua does not tell in which line a field of a
 * table was given its value, so the text is looked through: words and signs, without what is in
 * comments and strings.
 */
#include "config/config.h"

#include <string.h>

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_SIGN };

struct token {
    enum token_kind kind;
    const char *text; /* of a string: what is between its quotes */
    size_t length;
    unsigned line;
};

struct scan {
    const char *at, *end;
    unsigned line;
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void advance(struct scan *scan)
{
    scan->line += *scan->at == '\n';
    scan->at++;
}

/* How many signs of equality a long bracket that opens here has; -1: none opens. */
static int bracket_level(const struct scan *scan)
{
    const char *at = scan->at;
    if (at == scan->end || *at++ != '[')
        return -1;
    int level = 0;
    for (; at < scan->end && *at == '='; at++)
        level++;
    return at < scan->end && *at == '[' ? level : -1;
}

static bool bracket_closes(const struct scan *scan, int level)
{
    const char *at = scan->at;
    if (scan->end - at < level + 2 || *at++ != ']')
        return false;
    for (int i = 0; i < level; i++)
        if (*at++ != '=')
            return false;
    return *at == ']';
}

/* Past "[==[ … ]==]", or to the end of a text that does not close it. */
static void skip_long(struct scan *scan, int level, struct token *token)
{
    scan->at += level + 2;
    token->text = scan->at;
    while (scan->at < scan->end && !bracket_closes(scan, level))
        advance(scan);
    token->length = (size_t)(scan->at - token->text);
    if (scan->at < scan->end)
        scan->at += level + 2;
}

static void skip_quoted(struct scan *scan, struct token *token)
{
    char quote = *scan->at++;
    token->text = scan->at;
    while (scan->at < scan->end && *scan->at != quote && *scan->at != '\n') {
        if (*scan->at == '\\' && scan->at + 1 < scan->end)
            advance(scan);
        advance(scan);
    }
    token->length = (size_t)(scan->at - token->text);
    if (scan->at < scan->end)
        advance(scan);
}

static void skip_comment(struct scan *scan)
{
    struct token ignored;
    scan->at += 2;
    int level = bracket_level(scan);
    if (level >= 0)
        skip_long(scan, level, &ignored);
    else
        while (scan->at < scan->end && *scan->at != '\n')
            scan->at++;
}

static void skip_blanks(struct scan *scan)
{
    while (scan->at < scan->end) {
        if (*scan->at == '-' && scan->at + 1 < scan->end && scan->at[1] == '-')
            skip_comment(scan);
        else if (*scan->at == ' ' || (*scan->at >= '\t' && *scan->at <= '\r'))
            advance(scan);
        else
            return;
    }
}

static void scan_word(struct scan *scan, struct token *token)
{
    while (scan->at < scan->end && (is_letter(*scan->at) || is_digit(*scan->at)))
        scan->at++;
    token->length = (size_t)(scan->at - token->text);
}

static void next(struct scan *scan, struct token *token)
{
    skip_blanks(scan);
    *token = (struct token){TOKEN_END, scan->at, 0, scan->line};
    if (scan->at == scan->end)
        return;
    int level = bracket_level(scan);
    if (level >= 0 || *scan->at == '"' || *scan->at == '\'')
        token->kind = TOKEN_STRING;
    else if (is_letter(*scan->at) || is_digit(*scan->at))
        token->kind = TOKEN_NAME;
    else
        token->kind = TOKEN_SIGN;
    if (level >= 0) {
        skip_long(scan, level, token);
    } else if (token->kind == TOKEN_STRING) {
        skip_quoted(scan, token);
    } else if (token->kind == TOKEN_NAME) {
        scan_word(scan, token);
    } else {
        scan->at += scan->end - scan->at > 1 && scan->at[1] == '=' ? 2 : 1; /* "==" is no "=" */
        token->length = (size_t)(scan->at - token->text);
    }
}

static bool is(const struct token *token, enum token_kind kind, const char *text)
{
    return token->kind == kind && token->length == strlen(text) &&
           memcmp(token->text, text, token->length) == 0;
}

unsigned config_line_of(const char *text, size_t size, const char *key)
{
    struct scan scan = {text, text + size, 1};
    struct token before = {.kind = TOKEN_END}, token;
    unsigned line = 0;
    for (next(&scan, &token); token.kind != TOKEN_END; next(&scan, &token)) {
        if (is(&before, TOKEN_STRING, key) && is(&token, TOKEN_SIGN, "]"))
            continue; /* ["key"] is a name too */
        if ((is(&before, TOKEN_NAME, key) || is(&before, TOKEN_STRING, key)) &&
            is(&token, TOKEN_SIGN, "="))
            line = before.line;
        before = token;
    }
    return line;
}

bool config_recognize(const char *text, size_t size)
{
    struct scan scan = {text, text + size, 1};
    struct token two = {.kind = TOKEN_END}, one = two, token;
    for (next(&scan, &token); token.kind != TOKEN_END; next(&scan, &token)) {
        if (is(&two, TOKEN_NAME, "sockd") && is(&one, TOKEN_SIGN, ".") &&
            is(&token, TOKEN_NAME, "cfg"))
            return true;
        two = one;
        one = token;
    }
    return false;
}
