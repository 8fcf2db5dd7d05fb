/*
 * The verbs: those that are more than a method each have a file; every other method is a verb by
 * its row in the table.
 */
#ifndef CTL_VERBS_H
#define CTL_VERBS_H

#include "client/ctl/command.h"

enum { VERB_OPTIONS = 4 };

struct verb_option {
    const char *name;
    const char *value; /* what it takes, for the usage; NULL if nothing */
    char letter;       /* 0 if there is no short form */
    const char *doc;
};

struct verb {
    const char *name;      /* NULL: any method */
    const char *method;    /* the method that it calls; NULL if any or none */
    const char *arguments; /* for the usage; NULL: the method's parameters */
    const char *doc;       /* NULL: the method's */
    struct verb_option options[VERB_OPTIONS];
    const char *last; /* the option behind which all are arguments; NULL: none */
    int (*run)(struct ctl *ctl, const struct command *command);
};

extern const struct verb verb_api;
extern const struct verb verb_attach;
extern const struct verb verb_call;
extern const struct verb verb_complete; /* for the shells, not in the help */
extern const struct verb verb_console;
extern const struct verb verb_dial_stdio;
extern const struct verb verb_give;
extern const struct verb verb_list;
extern const struct verb verb_method;
extern const struct verb verb_read;
extern const struct verb verb_send;
extern const struct verb verb_stats;
extern const struct verb verb_stream;
extern const struct verb verb_syswrite;
extern const struct verb verb_take;
extern const struct verb verb_tap;
extern const struct verb verb_top;
extern const struct verb verb_watch;
extern const struct verb verb_write;

/* The special verbs, ended by NULL. A name that begins with an underscore is not for people. */
extern const struct verb *const verbs[];

/*
 * The verb of that name, and its method if it has one. A method is a verb by its own name and, if
 * that begins with "sockd.", without that too; "connect" is tcp_connect and "server" tcp_server.
 * NULL if there is none.
 */
const struct verb *verbs_find(const char *name, const struct method **method);

#endif
