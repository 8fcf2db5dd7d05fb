/*
 * Receiving whole messages (datagrams, SOCK_SEQPACKET) and out-of-band bytes: past the read-ahead,
 * into a block of the operation's own.
 */
#pragma once

#include "net/op.h"

/* One recv(2) of at most `size` bytes, OP_RECV_ANY: of a message of any size. Result as recv's. */
void op_message(struct op *op, struct sock *sock, size_t size, int flags);

/* The same, which waits on a non-blocking socket too. */
void op_message_read(struct op *op, struct sock *sock, size_t limit);
