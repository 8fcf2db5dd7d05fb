/*
 * `sockd run`: one script in the foreground, without a control socket.
 */
#pragma once

struct options;

/* Runs the script until it has returned and no listener or fiber is left; the exit status. An
 * error that nobody caught is printed with its traceback and ends it at once, with status 1. */
int run(const struct options *options);
