/*
 * A control server in this process, with sockets whose other ends the fuzzer holds, and clients.
 *
 * The sockets have the same numbers in every world, so that an input means the same again:
 *
 *     1 "stream"     a stream, whose other end is outside 0
 *     2 "message"    a socket that keeps message boundaries; outside 1
 *     3 "listener"   a listening unix socket, which world_knock connects to
 *     4 "alien"      a stream of another user's; outside 2
 *
 * The server, its loop and its memory stay from one input to the next, for to set them up takes
 * longer than most inputs; sockets and clients are each input's own.
 */
#pragma once

#include "net/sock.h"
#include "protocol/scan.h"
#include "rpc/rpc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORLD_CLIENTS = 4, WORLD_OUTSIDE = 8, WORLD_FDS = 4 };

/* A client's connection; what it has heard is checked to be whole messages of the right shape. */
struct world_client {
    int fd; /* -1: none */
    uint8_t *heard;
    size_t size, capacity;
    struct scan scan; /* of the message that has begun */
    unsigned answers;
    uint64_t sum; /* of all bytes */
    size_t total;
};

struct world {
    struct loop *loop;
    struct net *net;
    struct rpc *rpc;
    struct world_client clients[WORLD_CLIENTS];
    int outside[WORLD_OUTSIDE]; /* -1: none */
    struct rpc_call *running;   /* the eval or call that was left running */
    size_t idle;                /* what the loop knows of between two inputs */
    int next_fd;                /* the lowest descriptor that is free then */
};

/* The server, and its end. */
void world_open(struct world *world);
void world_close(struct world *world);

/* The sockets of an input. */
void world_begin(struct world *world);

/* Ends all that the input has begun, and sees that nothing is left of it. */
void world_end(struct world *world);

/* Lets the loop do what is to be done now. */
void world_spin(struct world *world);

/* The same, so many seconds later, which take no time. */
void world_wait(struct world *world, double seconds);

/* The first is an administrator, the next two are the owner of the sockets, and the last is the
 * alien, a member of the control socket's group with every privilege. */
void world_connect(struct world *world, unsigned client);
void world_hang_up(struct world *world, unsigned client);
void world_send(struct world *world, unsigned client, const void *data, size_t size);

/* The same with a descriptor on its first byte, of a socket, or of whatever was opened. */
void world_send_fd(struct world *world, unsigned client, const void *data, size_t size);
void world_send_fds(struct world *world, unsigned client, const void *data, size_t size,
                    const int *fds, size_t count);
void world_shutdown(struct world *world, unsigned client);

/* Takes what has come for the client, as much as one call takes; whether there was any. */
bool world_hear(struct world *world, unsigned client);

/* Lets the one that was left running end. */
void world_return(struct world *world);

/* The other ends of sockets. */
void world_outside_send(struct world *world, unsigned outside, const void *data, size_t size);
void world_outside_receive(struct world *world, unsigned outside);
void world_outside_close(struct world *world, unsigned outside);

/* Connects to the listener, if there is room outside. */
void world_knock(struct world *world);
