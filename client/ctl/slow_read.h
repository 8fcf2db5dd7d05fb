/*
 * A read that takes its time: while it waits, --progress tells how much has arrived for it.
 */
#ifndef CTL_SLOW_READ_H
#define CTL_SLOW_READ_H

#include "client/ctl/ctl.h"

/* What is done with the answer; returns the exit status. */
typedef int (*slow_read_fn)(struct ctl *ctl, const struct sockd_args *args,
                            const struct sockd_value *value);

/* Calls read with these parameters, for that handle. An exit status. */
int slow_read(struct ctl *ctl, const char *handle, const struct sockd_args *args, slow_read_fn use);

#endif
