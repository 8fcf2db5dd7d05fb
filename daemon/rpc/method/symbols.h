/*
 * Constants by name: "AF_INET", "SOCK_STREAM", "tcp", "MSG_PEEK", "SHUT_WR", "SOL_SOCKET".
 */
#pragma once

#include "protocol/args.h"

/* Each takes a name or a number, and returns the number or a negative errno: -EINVAL, and for an
 * unknown protocol -EPROTOTYPE. */
int symbol_domain(const struct arg *arg);
int symbol_type(const struct arg *arg);
int symbol_protocol(const struct arg *arg); /* absent: 0 */

/* SHUT_RD, SHUT_WR or SHUT_RDWR; what is neither of the first two is the last. */
int symbol_shutdown(const struct arg *arg);

/* The level of an option; an unknown name is -EPROTOTYPE. */
int symbol_level(const struct arg *arg);

/* LOOP_READ, LOOP_WRITE. */
unsigned symbol_events(const struct arg *arg);

/* The flags of send(2) and recv(2), and those of getaddrinfo(3), one or several; absent: 0. Unknown
 * ones are -EINVAL. */
int symbol_flags(const struct arg *arg);
int symbol_lookup_flags(const struct arg *arg);

/* As a terminated string; false if it is as long as the room, or holds a zero byte. */
bool symbol_text(const struct arg_bytes *bytes, char *out, size_t room);
