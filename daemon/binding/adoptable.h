/*
 * Descriptors that scripts may make sockets of. In a service that is not any number: most
 * descriptors of the process are the daemon's own, such as its control socket and its clients.
 */
#pragma once

#include <stdbool.h>

struct binding;

/* Whether it is a script's to use: passed in at the start of the process, or let go by a script
 * (sock:detach). Without a service, and with ffi, all are. */
bool adoptable(const struct binding *binding, int fd);

/* A script has let go of it, or has made a socket of it. Without memory for the note it is no
 * script's any more. */
void adoptable_note(struct binding *binding, int fd, bool detached);

void adoptable_deinit(struct binding *binding);
