/*
 * From the parameters of a message to typed arguments, checked against the method's row.
 *
 * After args_parse() a dispatcher need not look at MessagePack again: arg[i] is the i-th parameter
 * of the row, be it that it came by position or by name in the map of options (which wins).
 * Nothing is copied: arguments point into the message.
 */
#ifndef PROTOCOL_ARGS_H
#define PROTOCOL_ARGS_H

#include "protocol/methods.h"
#include "protocol/view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum arg_kind {
    ARG_ABSENT,  /* left out, or nil */
    ARG_INTEGER, /* HANDLE, HOST (then 0), PORT, SERVICE, SIZE, AMOUNT, INT, MSGID, SYMBOL, FLAGS,
                    EVENTS (1 to 3) */
    ARG_BOOLEAN, /* BOOL */
    ARG_NUMBER,  /* TIMEOUT */
    ARG_BYTES,   /* HANDLE, HOST, PORT, SERVICE, BYTES, STR, SYMBOL, FLAGS, NAMES, EVENTS, HANDLER
                    (its handler) */
    ARG_WHAT,    /* WHAT */
    ARG_LIST,    /* FLAGS, NAMES: count str values, one after the other from value on */
    ARG_VALUE,   /* MAP, VALUE (value stands before it), REST (count values from value on) */
};

struct arg_bytes {
    const char *data; /* not terminated */
    size_t size;
};

/* What read reads until. At least one of the two is there. */
struct arg_what {
    bool has_limit;
    size_t limit;
    uint32_t delimiters;   /* how many */
    struct view delimiter; /* they stand there one after the other, each str or bin, not empty */
};

struct arg {
    enum arg_kind kind;
    union {
        int64_t integer;
        bool boolean;
        double number;
        struct arg_bytes bytes;
        struct arg_what what;
        struct {
            uint32_t count;
            struct view value;
        } list;
    };
    struct arg_bytes name; /* HANDLER: the name in its map; data is NULL if there is none */
};

/* The settings of a handle. All zero, they are those of a socket that nothing was said of. */
struct arg_settings {
    unsigned given;        /* of enum method_option: which of them stand there, be it with nil */
    struct arg_bytes name; /* of size 0: none */
    bool shared;           /* with the control socket's group */
    bool tied;             /* to the connection, with which it closes */
    double ttl;            /* seconds; 0: without use it lives on */
};

struct args {
    const struct method *method;
    double timeout;               /* seconds, wherever it was given; INFINITY if nowhere */
    struct arg_settings settings; /* of the handle that is made, or changed */
    struct arg arg[LIMIT_PARAMS]; /* the first method->count of them are set */
};

struct args_error {
    char text[192]; /* "read: what: expected …, got a map" */
};

/*
 * Checks count parameters, the first of which params stands before. Returns 0; or -EINVAL, or
 * -EMSGSIZE if a size is beyond LIMIT_DATA, with a text that names the culprit and what was
 * expected.
 */
int args_parse(struct args *args, const struct method *method, struct view params, uint32_t count,
               struct args_error *error);

/* Whether these bytes may name a handle: [A-Za-z_][A-Za-z0-9_.-]*, at most LIMIT_NAME of them. A
 * name of another owner, "uid:name", is accepted where a handle is looked up. */
bool args_is_name(const char *data, size_t size);

/* Whether they may mean a handle: a name, or "uid:name". */
bool args_is_reference(const char *data, size_t size);

#endif
