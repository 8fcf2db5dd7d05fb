/*
 * Unix sockets that this process must not talk to, because they would trust it for what it is.
 *
 * A path is opened once (O_PATH), asked about by what it names (net_config.may_reach), and used as
 * what was opened, so that neither a symlink nor a rename in between makes a difference.
 */
#pragma once

#include "net/address.h"

struct net;

/* A way to an address. */
struct unix_way {
    struct address address; /* for connect(2), sendto(2) */
    int file;               /* what the path names; -1: no path, or nobody asks about it */
};

/* 0; -EPERM if the address must not be reached, or what open(2) says of the path. */
int unix_way_open(struct unix_way *way, const struct net *net, const struct address *to);

/* Leaves errno alone. Does nothing to one that could not be opened. */
void unix_way_close(struct unix_way *way);
