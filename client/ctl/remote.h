/*
 * The one call that a command makes: connecting, the deadline, the request, and the message if one
 * of them fails.
 */
#ifndef CTL_REMOTE_H
#define CTL_REMOTE_H

#include "client/ctl/ctl.h"
#include "protocol/methods.h"

/*
 * Calls the method of that name; method is its row, or NULL if it has none. The daemon is connected
 * to at the first call, so that a wrong command line is told even where no daemon runs. 0 and the
 * value, which lives until the next call; or an exit status after a message.
 */
int remote_call(struct ctl *ctl, const char *name, const struct method *method,
                const struct sockd_args *args, const struct sockd_value **value);

/* Connects to the daemon, if that has not been done. 0, or an exit status after a message. */
int remote_connect(struct ctl *ctl);

/* Ends the connection, if there is one. */
void remote_end(struct ctl *ctl);

#endif
