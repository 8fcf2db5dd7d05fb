/*
 * Notifications of the daemon, on their way to the caller's callback.
 */
#ifndef CLIENT_NOTIFY_H
#define CLIENT_NOTIFY_H

#include "client/core.h"

/* 0, also if nobody wants it; -ENOMEM if it could not be delivered: the connection must not go on
 * as if it had been. */
int notify_deliver(struct sockd_client *client, const struct message *message);

#endif
