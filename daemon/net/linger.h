/*
 * Closed sockets that have bytes left to send: as with the kernel's own buffers, the close has
 * returned long ago, and the bytes follow.
 */
#pragma once

#include "util/buffer.h"

struct net;

/* Sends the bytes and closes the descriptor, both of which are consumed, in the background; gives
 * up after a while. */
void linger_start(struct net *net, int fd, struct buffer *bytes);

/* For the end of the program: gives all of them one more moment and closes them. */
void linger_finish_all(struct net *net);
