/*
 * The terminal while it is joined to a socket: set so that the detach key is noticed at once, and
 * given back as it was in every case, also when a signal ends or stops the process.
 */
#ifndef CTL_TERMINAL_H
#define CTL_TERMINAL_H

#include <stdbool.h>

enum { TERMINAL_NO_KEY = -1 };

/* Whether standard input is one. */
bool terminal_is_input(void);

/* "^]", "C-]" or one character; "none" is TERMINAL_NO_KEY. False if it is none of these. */
bool terminal_parse_key(const char *text, int *key);

/*
 * Sets the terminal of standard input: raw, so that each key is handed out as it is, unechoed; or
 * line by line with echo, as it is, but that the key ends a line too. 0, or a negative errno.
 */
int terminal_start(bool raw, int key);

/* Sets it back. */
void terminal_end(void);

#endif
