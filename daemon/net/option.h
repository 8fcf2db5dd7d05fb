/*
 * Socket options by name, with values of natural types: the one table of all options that may be
 * got or set.
 */
#pragma once

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct sock;

enum option_type {
    OPTION_INTEGER,
    OPTION_SECONDS,     /* a struct timeval; 0: none */
    OPTION_TEXT,        /* a name: of a device, of a congestion control */
    OPTION_CREDENTIALS, /* pid, uid, gid */
    OPTION_TCP_INFO,
    OPTION_LINGER,    /* by sock_linger only */
    OPTION_GROUP,     /* a multicast group and the interface on which it is joined */
    OPTION_INTERFACE, /* by index or address, of IP_MULTICAST_IF */
};

struct option {
    const char *name;
    int level, number;
    enum option_type type;
    bool writable;
    bool privileged; /* lends the daemon's own rights: for administrators */
};

struct option_value {
    union {
        int64_t integer; /* OPTION_INTEGER, OPTION_INTERFACE: an index */
        double seconds;
        char text[64];
        struct ucred credentials;
        struct tcp_info tcp_info;
        struct {
            char address[64];
            char interface[64]; /* its address, or its name; "" for any */
        } group;
    };
};

/* The number of "SOL_SOCKET", "socket", "IPPROTO_TCP", "SOL_TCP", "tcp", …; -1 for an unknown name.
 */
int option_level(const char *name);

/* NULL: not in the table. */
const struct option *option_find(int level, const char *name);
const struct option *option_find_number(int level, int number);

/* All of the table, for lists of names. */
extern const struct option options_all[];
extern const size_t options_count;

/* What getsockopt(2) and setsockopt(2) say. -EPERM: not to be set, or not to be got. */
int sock_get_option(struct sock *sock, const struct option *option, struct option_value *out);
int sock_set_option(struct sock *sock, const struct option *option,
                    const struct option_value *value);

/* SO_LINGER; `seconds` is that of the kernel, whole seconds. -EINVAL: negative. */
int sock_get_linger(struct sock *sock, bool *active, int *seconds);
int sock_set_linger(struct sock *sock, bool active, int seconds);

/* Of a socket whose descriptor brings SO_RCVTIMEO and SO_SNDTIMEO along: the engine's copy of them.
 * -ENOMEM. */
int option_take_limits(struct sock *sock);
