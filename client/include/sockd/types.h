/*
 * The types and constants that libsockd's functions share; include sockd/client.h.
 */
#ifndef SOCKD_TYPES_H
#define SOCKD_TYPES_H

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sockd_client;

/* A timeout that never ends. Timeouts are seconds; 0 or less tries once. */
#define SOCKD_FOREVER  INFINITY

/* What an optional integer or size is when it is left out. */
#define SOCKD_DEFAULT  INT_MIN
#define SOCKD_NO_LIMIT SIZE_MAX

/* What sockd_wait() and sockd_iowait() found, and what the latter waits for, a sum of these. */
#define SOCKD_READABLE 1
#define SOCKD_WRITABLE 2

/* The most bytes of data that one call sends or receives. */
#define SOCKD_DATA_MAX ((size_t)16 * 1024 * 1024)

/* Bytes in an answer; not terminated. */
struct sockd_bytes {
    const char *data;
    size_t size;
};

/* A socket's address. Texts are terminated, and cut if they are longer than any address is. */
struct sockd_address {
    char host[256];    /* "127.0.0.1", "::1"; "unix/" for unix sockets */
    char path[112];    /* of unix sockets; "" for others and for unnamed ones */
    char family[16];   /* "AF_INET" */
    char type[24];     /* "SOCK_STREAM" */
    char protocol[16]; /* "tcp" */
    int port;          /* -1 for unix sockets */
};

/*
 * What may be said of a socket: when it is made, by the functions whose names end in _with, or
 * later, by sockd_set(). Zeroed, nothing is said, and what was said before stands.
 */
struct sockd_settings {
    const char *name;     /* unique among the owner's; "" takes it away */
    const char *share;    /* "group": members of the control socket's group may use it as its owner
                             does; "none" */
    const char *lifetime; /* "client": it closes when this connection ends; "daemon" */
    double ttl;           /* closes after so many seconds without use; SOCKD_FOREVER: never */
};

/* Who says that a call failed. */
enum sockd_origin {
    SOCKD_ORIGIN_NONE,       /* it did not */
    SOCKD_ORIGIN_DAEMON,     /* the daemon: the operation failed, or was refused */
    SOCKD_ORIGIN_CONNECTION, /* the daemon cannot be reached, or is gone, or is not sockd */
    SOCKD_ORIGIN_LIBRARY,    /* this library: wrong arguments, no memory, interrupted */
};

struct sockd_error {
    enum sockd_origin origin;
    int number;          /* a positive errno, the negative of what the call returned; 0: none */
    const char *name;    /* "ECONNREFUSED", "EAI_NONAME" … */
    const char *method;  /* what was called, as on the wire */
    const char *message; /* "Connection refused", or more detail */
    bool refused;        /* sockd's own rules (permission, quota) said no, not the kernel */
    uint64_t sent;       /* how many bytes of a write went out before it failed */
};

#ifdef __cplusplus
}
#endif

#endif
