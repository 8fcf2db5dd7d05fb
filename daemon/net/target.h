/*
 * Where to connect to, as a user says it: a host and a port, or a URL.
 */
#pragma once

struct target {
    char *host; /* without brackets; "unix/" for a path */
    char *port; /* or service, or path */
};

/*
 * `port` NULL: `host` is a URL ("tcp://host:port", "host:port", "[v6]:port", "unix/:path").
 * -EINVAL: it has no port, or another scheme; -ENOMEM.
 */
int target_parse(struct target *out, const char *host, const char *port);
void target_deinit(struct target *target);
