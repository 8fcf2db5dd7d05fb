/*
 * Descriptors that nobody should give to a daemon that owns sockets.
 */
#pragma once

enum { ODD_KINDS = 32 };

/* Opens one of the kind; -1 where the kernel, or the user's rights, do not allow it. `other` is the
 * other end of what has one, or -1. */
int odd_open(unsigned kind, int *other);
