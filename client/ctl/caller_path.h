/*
 * Paths on the command line are the caller's: one that is relative counts from his working
 * directory, not from the daemon's.
 */
#ifndef CTL_CALLER_PATH_H
#define CTL_CALLER_PATH_H

#include "client/ctl/command.h"
#include "protocol/methods.h"

/*
 * The text of a parameter as the daemon is to get it. *out is to be freed: another text, or NULL
 * where the one that was typed will do. It does where it is no path, where the path begins at the
 * root, with --daemon-path, and for a daemon of another machine. 0, or a negative errno of the
 * working directory's.
 */
int caller_path(const struct ctl *ctl, const struct command *command, const struct method *method,
                const struct method_param *param, const char *text, char **out);

/* Whether what is typed for the parameter of a method is a path, behind that host (NULL: none). */
bool caller_path_is(const struct method *method, const struct method_param *param,
                    const char *host);

#endif
