/*
 * A read of more bytes than one answer holds, in pieces.
 *
 * A piece is asked for when standard output has room for it, and is cancelled when nobody reads
 * that any more; so what has been taken has been printed, as far as the kernel tells in time. What
 * has been printed when the time is over, or when an error comes, has been taken.
 */
#ifndef CTL_LONG_READ_H
#define CTL_LONG_READ_H

#include "client/ctl/command.h"

/* Whether the command is a read of a number of bytes, without a delimiter, that needs it. */
bool long_read_wanted(const struct command *command);

/* Does it. An exit status. */
int long_read(struct ctl *ctl, const struct command *command);

#endif
