/*
 * From what was typed to a method's parameters, by the types of the method table.
 */
#ifndef CTL_PARAMS_H
#define CTL_PARAMS_H

#include "client/ctl/command.h"

/*
 * Appends the method's parameters to args: each from the option of its name, else from the
 * argument in its place; the options of the row behind them. data, if there is some, stands for
 * the parameter that is bytes. 0, or an exit status after a message; what the daemon would refuse
 * is refused here.
 */
int params_build(struct ctl *ctl, const struct command *command, const struct method *method,
                 const struct sockd_bytes *data, struct sockd_args *args);

/* A handle: a number, or a name. */
void params_put_handle(struct sockd_args *args, const char *text);

/* What was typed for the parameter of that name; NULL if nothing was. */
const char *params_text(const struct command *command, const struct method *method,
                        const char *name);

#endif
