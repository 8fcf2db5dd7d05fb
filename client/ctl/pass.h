/*
 * What take and give share.
 */
#ifndef CTL_PASS_H
#define CTL_PASS_H

#include "client/ctl/ctl.h"

/* Connects to a daemon of this machine: descriptors do not travel further. 0, or an exit status
 * after a message. */
int pass_connect(struct ctl *ctl);

#endif
