/*
 * Who a client is, and what the daemon's own rights may be lent for.
 *
 * What is for administrators is a privilege of the table below, and each of them can be opened to
 * all clients (--allow). Other people's sockets are no privilege: they stay with administrators.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct address;
struct option;
struct option_value;

struct method;

/* id, name, the one method that needs it or NULL, what is refused without it: "… for
 * administrators" or "only administrators may …". */
#define ACCESS_TABLE(FIRST, ROW)                                                         \
    FIRST(EVAL, "eval", "sockd.eval", "sockd.eval is for administrators")                \
    ROW(LOAD, "load", "sockd.load", "sockd.load is for administrators")                  \
    ROW(RELOAD, "reload", "sockd.reload", "sockd.reload is for administrators")          \
    ROW(SOURCE, "source", NULL, "source text is for administrators; a name is not")      \
    ROW(UNIX, "unix", NULL, "only administrators may use unix paths")                    \
    ROW(PORTS, "ports", NULL, "only administrators may bind ports below 1024")           \
    ROW(RAW, "raw", NULL, "only administrators may make sockets of this type")           \
    ROW(DOMAINS, "domains", NULL, "only administrators may make sockets of this domain") \
    ROW(MARK, "mark", NULL, "only administrators may set that")                          \
    ROW(DEVICE, "device", NULL, "only administrators may set that")                      \
    ROW(BUFFERS, "buffers", NULL, "only administrators may set that")                    \
    ROW(TRANSPARENT, "transparent", NULL, "only administrators may set that")            \
    ROW(OPTIONS, "options", NULL, "only administrators may set that")

enum access_privilege {
#define ACCESS_ID(id, name, method, refusal) ACCESS_##id,
    ACCESS_TABLE(ACCESS_ID, ACCESS_ID)
#undef ACCESS_ID
        ACCESS_PRIVILEGES,
};

/* "eval, load, …": for people. */
#define ACCESS_FIRST_NAME(id, name, method, refusal) name
#define ACCESS_NEXT_NAME(id, name, method, refusal)  ", " name
#define ACCESS_NAMES                                 ACCESS_TABLE(ACCESS_FIRST_NAME, ACCESS_NEXT_NAME)

/*
 * The name of a process that serves sockets for others (/proc/PID/comm). It is no administrator,
 * whatever its uid: what it says may be what somebody else sends through it. `sockd run` has
 * another name.
 */
#define ACCESS_DAEMON_NAME                           "sockd"

struct identity {
    uid_t uid;
    pid_t pid;
    bool admin;       /* may use all sockets and has every privilege */
    bool member;      /* of the control socket's group: may use what is shared with it */
    unsigned allowed; /* the privileges that it has otherwise: bits */
};

/* What makes the difference between clients. */
struct access_rules {
    bool has_admins, has_members;
    gid_t admins, members; /* groups */
    unsigned allowed;      /* privileges that everybody has: bits */
};

/* The privilege of that name, or -EINVAL. */
int access_privilege_parse(const char *name);

/* The names of those whose bits are set, in order; returns how many. */
size_t access_privilege_names(unsigned bits, const char *names[ACCESS_PRIVILEGES]);

/* Who connected to this unix socket, at that time (SO_PEERCRED, SO_PEERGROUPS; unix(7)). -ELOOP:
 * it is this process itself, under the name above. Another negative errno if the kernel does not
 * say. */
int access_identify(struct identity *out, int fd, const struct access_rules *rules);

/* The group of a listening unix socket's file, which is who may connect to it. False: it has no
 * file. */
bool access_group_of(int fd, gid_t *out);

/* What only administrators may do: the sentence that refuses it, or NULL if it may be done. */
const char *access_to(const struct identity *who, enum access_privilege privilege);
const char *access_to_method(const struct identity *who, const struct method *method);
const char *access_to_type(const struct identity *who, int domain, int type);

/* Of a descriptor that the caller brings: it is the caller's, but what is sent through it would be
 * the daemon's to answer for. NULL for what is no socket. */
const char *access_to_given(const struct identity *who, int fd);

const char *access_to_host(const struct identity *who, const char *host);
const char *access_to_port(const struct identity *who, int port);
const char *access_to_connect(const struct identity *who, const struct address *address);
/* Whoever connects to a unix socket learns who made it listen. */
const char *access_to_listen(const struct identity *who, int domain, int fd);
const char *access_to_bind(const struct identity *who, const struct address *address);
const char *access_to_option(const struct identity *who, const struct option *option,
                             const struct option_value *value);
