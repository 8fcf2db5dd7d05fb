/*
 * --help: of the program, and of one command, made from the table and the verbs.
 */
#ifndef CTL_HELP_H
#define CTL_HELP_H

#include "client/ctl/command.h"

/* Prints the help of the command's verb, or of the program if it has none. */
void help_print(const struct command *command, const char *verb);

#endif
