/*
 * The tokens of a JSON text, RFC 8259, with what Tarantool allows beyond it: nan, inf and their
 * negatives, digits missing behind a point, and any bytes within strings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_kind {
    JSON_OBJECT_BEGIN,
    JSON_OBJECT_END,
    JSON_ARRAY_BEGIN,
    JSON_ARRAY_END,
    JSON_STRING,
    JSON_NUMBER,   /* not whole, or beyond 64 bits: the text from `start` to `end` */
    JSON_ODD,      /* nan, inf or -inf: `number` */
    JSON_UNSIGNED, /* `whole` */
    JSON_INTEGER,  /* negative: `integer` */
    JSON_BOOLEAN,
    JSON_NULL,
    JSON_COLON,
    JSON_COMMA,
    JSON_END,
    JSON_WRONG, /* no token: `problem` begins at `start` */
};

struct json_token {
    enum json_kind kind;
    size_t start, end; /* of a string: its quotes */
    union {
        bool boolean;
        bool escapes; /* of a string: there are some, all of them right */
        double number;
        uint64_t whole;
        int64_t integer;
        const char *problem;
    };
};

struct json_lex {
    const char *text; /* with a zero behind it */
    size_t length, at;
    bool odd_numbers; /* nan and inf are tokens */
};

struct json_token json_lex_next(struct json_lex *lex);

/* What the token is called in complaints, and where it begins: line and character from 1. */
const char *json_token_name(const struct json_token *token);
void json_lex_place(const struct json_lex *lex, const struct json_token *token, size_t *line,
                    size_t *character);

/*
 * Takes an escape apart, `text` being behind its backslash: how many bytes it has there, and what
 * it stands for, as UTF-8. 0: it is wrong; JSON_BAD_UNICODE: it is a wrong \u. Ends at a zero byte.
 */
#define JSON_BAD_UNICODE ((size_t)-1)
size_t json_unescape(const char *text, char utf8[4], size_t *length);
