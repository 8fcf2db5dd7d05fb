/*
 * Whom the daemon must not talk to. Some programs trust a peer for who it is: a control socket
 * takes the daemon's own uid for an administrator, the service manager and the journal take its
 * messages for its own. A socket that the daemon opens for others must not lead there.
 */
#pragma once

struct address;

/* For struct net_config; context: the struct control. 0, or -EPERM. `file` names what is at the
 * path, -1 for an abstract address. */
int reach_check(void *context, const struct address *address, int file);
