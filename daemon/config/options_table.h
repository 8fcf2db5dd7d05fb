/*
 * The table of options, for those that read or write them: the command line (options.c), the
 * configuration file (config.c), sockd.info (info.c), the help and the manual.
 */
#pragma once

#include "config/options.h"

#include <stdbool.h>
#include <stddef.h>

/* In which commands an option may stand on the command line, and whether in the file. */
enum {
    OPTIONS_IN_SERVE = 1,
    OPTIONS_IN_RUN = 2,
    OPTIONS_IN_CHECK = 4,
    OPTIONS_IN_FILE = 8,
};

/* What a value can look like, in a configuration file and in sockd.info. */
enum options_type {
    OPTIONS_NOTHING = 0, /* it has none: the option is not given and has no default */
    OPTIONS_TEXT = 1,
    OPTIONS_NUMBER = 2,
    OPTIONS_BOOLEAN = 4,
    OPTIONS_LIST = 8, /* of texts */
};

struct options_value {
    enum options_type type;
    const char *text; /* may lie in `room` */
    double number;
    bool boolean;
    const char *const *items; /* may lie in `names` */
    size_t count;
    char room[16];
    const char *names[32];
};

struct options_row {
    const char *name;     /* on the command line; in the file `-` is `_` */
    const char *argument; /* NULL: a flag, or something that takes no value */
    unsigned where;
    const struct options_kind *kind;
    size_t offset;        /* of the field */
    size_t given;         /* of the flag that says that the field is set; 0: there is none */
    const char *fallback; /* the value without the option; NULL: none, or as `help` says */
    const char *example;  /* a value for people to see when there is no fallback */
    const char *help;     /* no full stop at the end */
};

extern const struct options_row options_rows[];
extern const size_t options_row_count;

struct options_kind {
    const char *expected; /* what a value must be; NULL if any text does */
    unsigned types;       /* that a configuration file may use for it, enum options_type */
    /* 0; -EINVAL: not what is expected; -ENOMEM. The text must live as long as the options. */
    int (*set)(struct options *options, const struct options_row *row, const char *value);
    void (*get)(const struct options *options, const struct options_row *row,
                struct options_value *value); /* NULL: it has no value */
};

/* The kinds that their readers treat differently. */
extern const struct options_kind options_kind_flag; /* "true" or "false" */
extern const struct options_kind options_kind_load;

/* Sets the field and notes that it is given. */
int options_set(struct options *options, const struct options_row *row, const char *value);
void options_get(const struct options *options, const struct options_row *row,
                 struct options_value *value);

/* A copy of the text that lives as long as the options, or NULL. */
const char *options_keep(struct options *options, const char *text, size_t length);

/* The row of that name as the command line writes it, or NULL. */
const struct options_row *options_find(const char *name, size_t length);

/* What to ask back when there is no such row: a name, or NULL. `where`: of which rows. */
const char *options_suggest(const char *name, size_t length, unsigned where);

/* The row's name as a configuration file writes it, in `out`, which it fits in. */
enum { OPTIONS_NAME = 32 };
const char *options_key(const struct options_row *row, char out[OPTIONS_NAME]);
