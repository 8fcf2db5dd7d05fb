/*
 * What all of sockctl shares: the context of one command, and its exit statuses.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include <sockd/client.h>
#include <sys/types.h>

/* The exit statuses, which scripts rely on. */
enum {
    CTL_DONE = 0,
    CTL_FAILED = 1,      /* the operation failed */
    CTL_USAGE = 2,       /* the command line is wrong */
    CTL_UNREACHABLE = 3, /* there is no daemon to talk to */
    CTL_REFUSED = 4,     /* sockd's own rules said no */
    CTL_END = 5,         /* the stream ended before what was asked for */
    CTL_TIMEOUT = 124,
    CTL_INTERRUPTED = 130,
};

struct ctl {
    const char *verb;    /* as it was typed, for messages */
    const char *socket;  /* --socket, or NULL */
    const char *host;    /* --host, or NULL */
    const char *timeout; /* --timeout as it was typed, or NULL */
    bool json;
    bool raw;
    bool daemon_path; /* --daemon-path */
    bool help;
    bool version;
    int output_error;            /* the errno of the first write that failed; 0 if none has */
    uint64_t sent;               /* bytes that earlier pieces of a write took */
    struct sockd_client *client; /* NULL until the first call */
    pid_t tunnel;                /* the process through which the client talks; 0 if none */
};

/*
 * Runs sockctl with that command line and returns its exit status. A command makes the one call
 * that was asked for and no other, but for a write whose data comes in pieces; so sockctl errno
 * can tell of the command before.
 */
int ctl_run(int argc, char **argv);

#endif
