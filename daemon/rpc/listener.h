/*
 * A listening control socket: it lets clients in, as far as their quota and the process's
 * descriptors allow.
 */
#pragma once

struct listener;
struct rpc;

/* Takes over a listening descriptor, on success only, and joins the server's list. */
int listener_new(struct rpc *rpc, int fd);

/* Closes it. Clients that are let in already stay. */
void listener_free(struct listener *listener);

/* All of the server's. */
void listener_free_all(struct rpc *rpc);
