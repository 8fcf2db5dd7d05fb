/*
 * A session of the daemon's Lua prompt, whose other half is lua/console.lua.
 */
#ifndef CTL_CONSOLE_H
#define CTL_CONSOLE_H

#include "client/ctl/ctl.h"

struct console {
    struct ctl *ctl;
    int64_t session;
    struct sockd_args *args;
    struct sockd_args *listen_args;
    bool at_prompt; /* what is printed now stands where a line is being typed */
    bool printed;   /* something was, and that line is to be shown again */
};

/* 0, or an exit status after a message. The console must be ended in either case. */
int console_start(struct console *console, struct ctl *ctl);
void console_end(struct console *console);

/* Runs a statement and prints its outcome. 0; CTL_INCOMPLETE if it needs more lines;
 * CTL_INTERRUPTED if it was cancelled; or an exit status after a message, with which the session
 * ends. */
enum { CTL_INCOMPLETE = -1 };
int console_run(struct console *console, const char *statement);

/* Takes in what has come meanwhile: what is printed in the daemon is printed here. To be called
 * when the client's descriptor is readable. False if the daemon is gone. */
bool console_process(struct console *console);

/* The ways to go on with the text before the cursor, each with what it replaces of that text:
 * "socket.tcp_connect(" for "x = socket.tcp_c". For the caller to clear. */
struct choices {
    char **text;
    size_t count;
};

void console_complete(struct console *console, const char *text, struct choices *choices);
void choices_clear(struct choices *choices);

#endif
