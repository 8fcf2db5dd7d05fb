/*
 * The daemon: builds the layers in order, serves until a signal, and takes them down in the
 * opposite order.
 */
#pragma once

struct options;

/* Serves until SIGTERM or SIGINT; the exit status. A second signal ends it without grace. */
int serve(const struct options *options);
