/*
 * Calls on a socket that only O_NONBLOCK keeps from waiting: accept4(2), connect(2). The mode is
 * the open file's, so where another process shares that, it may have switched it off. It is
 * switched on again before each such call; and who switches it off between the two, to keep the
 * loop waiting until the watchman cuts the call short (util/pulse.h), does not do so for long.
 *
 * For the files of this folder only.
 */
#pragma once

#include "net/sock_private.h"

/* Puts the mode right. -EBUSY: the owner's sockets have kept the loop waiting lately. */
COLD int foreign_prepare(struct sock *sock);

/* The call was cut short. */
COLD void foreign_note(const struct sock *sock);
