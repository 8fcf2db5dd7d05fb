/*
 * Who a client is, and what the daemon's own rights may be lent for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct address;
struct option;
struct option_value;

struct identity {
    uid_t uid;
    pid_t pid;
    bool admin; /* may use all sockets and what lends the daemon's rights */
};

/* Who connected to this unix socket, at that time (SO_PEERCRED, SO_PEERGROUPS; unix(7)). `group`:
 * the administrators' group, or NULL. A negative errno if the kernel does not say. */
int access_identify(struct identity *out, int fd, const gid_t *group);

/* What only administrators may do: the sentence that refuses it, or NULL if it may be done. */
const char *access_to_type(const struct identity *who, int domain, int type);
const char *access_to_host(const struct identity *who, const char *host);
const char *access_to_port(const struct identity *who, int port);
const char *access_to_connect(const struct identity *who, const struct address *address);
const char *access_to_bind(const struct identity *who, const struct address *address);
const char *access_to_option(const struct identity *who, const struct option *option,
                             const struct option_value *value);
