/*
 * --host: the daemon of another machine, through `ssh box sockctl dial-stdio`, so that no daemon
 * has a port open. The program is $SOCKCTL_SSH if that is set.
 */
#ifndef CTL_TUNNEL_H
#define CTL_TUNNEL_H

#include "client/ctl/ctl.h"

/* Makes the client of ctl->host. 0, or an exit status after a message. */
int tunnel_open(struct ctl *ctl);

/* Ends the tunnel's process, if there is one; the client must have been disconnected. */
void tunnel_end(struct ctl *ctl);

#endif
