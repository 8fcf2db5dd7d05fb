/*
 * What may stand at the end of a command line of sockctl, for the completions of shells.
 */
#ifndef CTL_COMPLETE_H
#define CTL_COMPLETE_H

#include "client/ctl/ctl.h"

/*
 * Prints the ways to go on with the last of the words, which follow "sockctl" and of which there is
 * at least one, perhaps empty: one a line, behind a tab what it is. ":files" stands for the names
 * of files, which the shell knows; ":prefix TEXT" for a text that all that follow begin with. Where
 * the daemon cannot be asked nothing is said.
 */
void complete_print(struct ctl *ctl, char **words, int count);

#endif
