/*
 * What sockd.list, sockd.info and sockd.take tell of a socket.
 */
#pragma once

#include "rpc/rpc.h"

struct sock;
struct writer;

/* Pairs of the map, and how many values there are in it at most. */
#define DESCRIBE_PAIRS  20
#define DESCRIBE_VALUES (2 * DESCRIBE_PAIRS + 1)

/* Writes the map of an open socket. */
void describe(struct writer *writer, const struct rpc *rpc, const struct sock *sock);

/* Of it, what the socket is wherever it goes: name, domain, type, protocol. */
#define DESCRIBE_BRIEF_PAIRS 4
void describe_briefly(struct writer *writer, const struct rpc *rpc, const struct sock *sock);

/* The name of what serves a listener, or NULL. */
const char *describe_handler(const struct rpc *rpc, const struct sock *sock);
