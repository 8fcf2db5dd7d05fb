/*
 * What the daemon and the service manager say to each other: sd_notify(3), the watchdog, and the
 * control socket that the manager made. Without a service manager all of it does nothing.
 */
#pragma once

struct loop;
struct service;

/* The listening unix stream socket that was passed in (sd_listen_fds(3)), the caller's from then
 * on; -ENOENT if none was. Anything else that was passed is logged and -EINVAL. */
int service_listen_fd(void);

/* Feeds the watchdog from the loop from now on, twice in its time: a loop that hangs feeds
 * nothing. -ENOMEM. */
int service_start(struct service **out, struct loop *loop);

/* NULL is allowed. */
void service_free(struct service *service);

/* Loads its configuration anew, until it is ready again. */
void service_reloading(const char *status);

/* Ready to serve; and on the way out. `status` is for people. */
__attribute__((format(printf, 1, 2))) void service_ready(const char *status, ...);
__attribute__((format(printf, 1, 2))) void service_stopping(const char *status, ...);
