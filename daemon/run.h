/*
 * `sockd run script.lua [argument…]`: one script as the main program, without a control socket.
 */
#pragma once

struct options;

/*
 * Runs it to its end: when the script has returned and no fiber and no listener is left. The
 * exit status: 0, 1 after an error of the script (its traceback is on standard error) or of the
 * system (logged), 128 and the signal's number after SIGINT or SIGTERM. os.exit does not return.
 */
int run_script(const struct options *options);
