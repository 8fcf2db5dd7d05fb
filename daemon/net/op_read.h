/*
 * How bytes of a stream get from the kernel into the read-ahead.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct sock;

/*
 * One recv(2) of at most `want` bytes to the end of the read-ahead. The number of bytes, 0 at the
 * end of the stream, -EAGAIN when nothing is there, -ENOMEM, or what the kernel says.
 */
ssize_t read_fill(struct sock *sock, size_t want);
