/*
 * Constants by name: "AF_INET", "SOCK_STREAM", "tcp", "MSG_PEEK", "SHUT_WR".
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

/* The flags of send(2) and recv(2), one or several; absent: 0. Unknown ones are -EINVAL. */
int symbol_flags(const struct arg *arg);
