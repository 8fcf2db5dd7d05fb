/*
 * A command line taken apart: the verb, its arguments in order, its options by name.
 *
 * Options may stand anywhere behind the verb; "--" ends them, "-" is an argument. Everything points
 * into argv.
 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "client/ctl/ctl.h"
#include "protocol/methods.h"

enum { COMMAND_OPTIONS = 32 };

struct verb;

struct command {
    const struct verb *verb;
    const struct method *method; /* that the verb calls; NULL if it is none of the table */
    char **arguments;
    int count;
    int options; /* how many were given */
    struct {
        const char *name;
        const char *value; /* NULL if it takes none */
    } option[COMMAND_OPTIONS];
};

/* Reads the command line into the context and the command. 0, or CTL_USAGE after a message. With
 * --help or --version the command may have no verb. */
int command_parse(struct command *command, struct ctl *ctl, int argc, char **argv);
/* All options of a verb and its method, NULL for those that every command has: the one of that
 * number, from 0; NULL beyond the last. *value says whether it takes one. */
const char *command_known(const struct verb *verb, const struct method *method, size_t index,
                          bool *value);

void command_free(struct command *command);

/* The value of an option, the last if it was given several times; NULL if it was not. */
const char *command_option(const struct command *command, const char *name);
bool command_has(const struct command *command, const char *name);

#endif
