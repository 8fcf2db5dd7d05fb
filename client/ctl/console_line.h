/*
 * Lines of the console: from a terminal with an editor (libedit), a history and completion, or from
 * a file or a pipe as they are.
 */
#ifndef CTL_CONSOLE_LINE_H
#define CTL_CONSOLE_LINE_H

#include "client/ctl/console.h"

struct console_line;

/* NULL for lack of memory. */
struct console_line *console_line_open(struct console *console);

/* Keeps the history, gives the terminal back as it was. */
void console_line_close(struct console_line *line);

bool console_line_is_terminal(const struct console_line *line);

/* The next line with its end, which lives until the next call; NULL at the end of the input (errno
 * is 0), if it was interrupted, or if it cannot be read (errno). A terminal shows the prompt. */
const char *console_line_read(struct console_line *line, const char *prompt);

/* Adds a statement to the history. */
void console_line_remember(struct console_line *line, const char *statement);

#endif
