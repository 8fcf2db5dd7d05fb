/*
 * The console's history, kept in $XDG_STATE_HOME/sockctl/history, or ~/.local/state for that
 * variable; only the user reads it. Where it cannot be kept, it lasts as long as the console.
 */
#ifndef CTL_CONSOLE_HISTORY_H
#define CTL_CONSOLE_HISTORY_H

#include <histedit.h>

/* With what the file holds; NULL for lack of memory. */
History *console_history_open(void);

/* Adds what is more than white space. */
void console_history_add(History *list, const char *statement);

/* Saves it and frees it. */
void console_history_close(History *list);

#endif
