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

/*
 * What is wrong with a host and a port, each perhaps NULL, that cannot be right whomever one asks:
 * a sentence that begins with the argument's name, "port: expected …". NULL: nothing. The second is
 * for a URL in the host's place.
 */
const char *target_fault(const char *host, const char *port);
const char *target_fault_of_url(const char *url);
