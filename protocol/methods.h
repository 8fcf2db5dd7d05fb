/*
 * The method table as data. The rows stand in methods.tbl; enum method_id is made from them, so
 * that a table indexed by it which lacks a row does not compile or does not pass its tests.
 */
#ifndef PROTOCOL_METHODS_H
#define PROTOCOL_METHODS_H

#include "protocol/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum method_id {
#define METHOD(id, ...) METHOD_##id,
#include "protocol/methods.tbl"
#undef METHOD
    METHOD_COUNT,
};

/* What a parameter may be on the wire. args.h says what each becomes. */
enum method_type {
    METHOD_TYPE_HANDLE,  /* a positive integer, or a name */
    METHOD_TYPE_HOST,    /* a str, or 0 for all local interfaces */
    METHOD_TYPE_PORT,    /* 0 to 65535, or a service's name, or a unix socket's path */
    METHOD_TYPE_SERVICE, /* 0 to 65535, or a service's name */
    METHOD_TYPE_BYTES,   /* bin or str */
    METHOD_TYPE_WHAT,    /* read's: a limit, a delimiter, or a map with either or both */
    METHOD_TYPE_SIZE,    /* a number of bytes, 0 to LIMIT_DATA */
    METHOD_TYPE_AMOUNT,  /* a number of bytes, 0 to INT64_MAX */
    METHOD_TYPE_INT,     /* an integer of C's int */
    METHOD_TYPE_MSGID,   /* 0 to UINT32_MAX */
    METHOD_TYPE_BOOL,    /* a boolean */
    METHOD_TYPE_STR,     /* a str */
    METHOD_TYPE_SYMBOL,  /* a constant: its name or its number */
    METHOD_TYPE_FLAGS,   /* a number, a name, or an array of names */
    METHOD_TYPE_NAMES,   /* a str, perhaps several names with commas between, or an array of str */
    METHOD_TYPE_EVENTS,  /* "R", "W" or "RW" in any case, or 1, 2 or 3 */
    METHOD_TYPE_VALUE,   /* an option's: a number, a boolean, bytes, str, or an array */
    METHOD_TYPE_TIMEOUT, /* seconds, fractions allowed; 0 or less tries once; nil is infinite */
    METHOD_TYPE_HANDLER, /* a name or source text, or a map {handler, name} */
    METHOD_TYPE_MAP,     /* a map with str keys */
    METHOD_TYPE_REST,    /* all values that follow, of any type */
    METHOD_TYPE_COUNT,
};

enum method_result {
    METHOD_RESULT_TRUE,         /* true */
    METHOD_RESULT_BOOL,         /* a boolean */
    METHOD_RESULT_INT,          /* an integer */
    METHOD_RESULT_COUNT,        /* a number of bytes */
    METHOD_RESULT_TEXT,         /* a str, or nil */
    METHOD_RESULT_EVENTS,       /* "R", "W", "RW" or "" */
    METHOD_RESULT_ACTIVITY,     /* the same, or their number from 0 to 3, as was asked for */
    METHOD_RESULT_BYTES,        /* bin */
    METHOD_RESULT_BYTES_STATUS, /* [bin, nil or "eof"] */
    METHOD_RESULT_BYTES_FROM,   /* [bin, address {host, family, port} or nil] */
    METHOD_RESULT_ID,           /* a handle */
    METHOD_RESULT_ID_PAIR,      /* [handle, handle] */
    METHOD_RESULT_ID_ADDRESS,   /* [handle, address] */
    METHOD_RESULT_ADDRESS,      /* a map {host, family, type, protocol, port} */
    METHOD_RESULT_MAP,          /* a map */
    METHOD_RESULT_LENT,         /* a map, with a descriptor on the answer's first byte */
    METHOD_RESULT_LIST,         /* an array of maps */
    METHOD_RESULT_LINGER,       /* [a boolean, whole seconds] */
    METHOD_RESULT_VALUE,        /* an option's: an integer, a double, a str, a map, or nil */
    METHOD_RESULT_ANY,          /* whatever; the last */
};

/* Not one of them, so that a switch over all needs no case for it. */
enum { METHOD_RESULT_KINDS = METHOD_RESULT_ANY + 1 };

enum method_caller {
    METHOD_CALLER_ANYONE, /* who may connect */
    METHOD_CALLER_OWNER,  /* the handle's owner, and administrators */
    METHOD_CALLER_ADMIN,  /* administrators */
};

enum method_wait {
    METHOD_WAIT_PROMPT, /* answers at once */
    METHOD_WAIT_WAITS,  /* may wait; a timeout bounds it */
    METHOD_WAIT_RUNS,   /* may wait; only a cancel ends it */
};

/* What the map of options may hold beside the parameters' own names: a set of these. */
enum method_option {
    METHOD_OPTION_TIMEOUT = 1 << 0, /* as METHOD_TYPE_TIMEOUT */
    METHOD_OPTION_NAME = 1 << 1,    /* of the handle, unique among its owner's */
    METHOD_OPTION_SHARE = 1 << 2,   /* "group" or "none": who may use the socket beside its owner */
    METHOD_OPTION_LIFETIME = 1 << 3, /* "client": it closes with the connection; or "daemon" */
    METHOD_OPTION_TTL = 1 << 4,      /* seconds without use after which it closes */
};

/* The settings of a handle, which a method that makes a socket takes too. */
#define METHOD_SETTINGS \
    (METHOD_OPTION_NAME | METHOD_OPTION_SHARE | METHOD_OPTION_LIFETIME | METHOD_OPTION_TTL)

struct method_param {
    const char *name;
    enum method_type type;
    bool required;
    const char *fallback; /* in words, what holds when it is absent; NULL if it is required */
};

struct method {
    const char *name; /* as on the wire */
    uint8_t name_size;
    uint8_t count; /* parameters */
    uint8_t level;
    enum method_wait wait;
    bool reads; /* only tells something, and changes nothing */
    enum method_caller caller;
    unsigned options; /* of enum method_option */
    enum method_result result;
    const char *doc;
    struct method_param params[LIMIT_PARAMS];
};

/* By enum method_id. */
extern const struct method methods[METHOD_COUNT];

/* The method of that name, which need not be terminated; NULL if there is none. */
const struct method *methods_find(const char *name, size_t size);

static inline enum method_id methods_id(const struct method *method)
{
    return (enum method_id)(method - methods);
}

/* Whether the last parameter takes all values that follow. Such a method has no map of options,
 * for the last of the values might be a map itself. */
static inline bool methods_is_variadic(const struct method *method)
{
    return method->count > 0 && method->params[method->count - 1].type == METHOD_TYPE_REST;
}

/* The position of the parameter of that name; -1 if there is none. */
int methods_param(const struct method *method, const char *name, size_t size);

/* The name of one option of enum method_option, what its value should be, and the option of a name
 * (0 if none). */
const char *methods_option_name(enum method_option option);
const char *methods_option_expected(enum method_option option);
unsigned methods_option(const char *name, size_t size);

/* What the option is for. */
const char *methods_option_doc(enum method_option option);

/* How sockd.api and the documents spell these: "handle", "bytes", "id, address", "owner" … */
const char *methods_type_name(enum method_type type);
const char *methods_result_name(enum method_result result);
const char *methods_caller_name(enum method_caller caller);

/* What a value of the type should have been: "an integer from 0 to 65535 or …". */
const char *methods_type_expected(enum method_type type);

/* What a result of that kind is on the wire: "a map {host, …}". */
const char *methods_result_means(enum method_result result);

#endif
