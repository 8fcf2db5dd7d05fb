/*
 * What a socket tells by notifications, shown as it comes, until the socket ends or Ctrl-C.
 */
#ifndef CTL_LIVE_H
#define CTL_LIVE_H

#include "client/ctl/ctl.h"

struct live {
    struct ctl *ctl;
    /* Shows one notification; with over it was the last. */
    void (*show)(struct live *live, const char *method, const struct sockd_value *params);
    bool over;
    int status;
};

/* Asks for notifications by a method with these parameters. May be called before live_run(), more
 * than once. 0, or an exit status after a message. */
int live_ask(struct live *live, const char *method, const struct sockd_args *args);

/* Shows what comes. An exit status. */
int live_run(struct live *live);

#endif
