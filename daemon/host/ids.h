/*
 * Numbers of sockets across reboots: a file in the state directory tells which were never given.
 *
 * The control socket's lock file knows the same to within some thousands, but lies in a folder that
 * is empty after a reboot. Here they are reserved a million at a time, each with one fsync(2),
 * which a thread of its own waits for.
 */
#pragma once

#include <stdint.h>

struct ids;

/*
 * The file for the control socket at `path`, in `folder`, which is made if need be; and the first
 * number that it leaves free, from which on a million are reserved. -ENOMEM, what the kernel says
 * of folder and file, or -EBADMSG for one with other contents.
 */
int ids_open(struct ids **out, const char *folder, const char *path, uint64_t *first);

/* The first number that a file leaves free, as both files have it: digits and the end of the line;
 * an empty one says 1. -EBADMSG: it has other contents; or what the kernel says. */
int ids_read(int fd, uint64_t *out);

/* Numbers up to and including `last` may be in use from now on. */
void ids_note(struct ids *ids, uint64_t last);

/* Waits for what is being written. NULL is allowed. */
void ids_close(struct ids *ids);
