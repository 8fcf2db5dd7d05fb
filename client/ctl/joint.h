/*
 * A socket of the daemon's joined to standard input and output, or to output alone.
 *
 * What the socket receives comes as a stream, with credit for what has been written to standard
 * output, so that no more is ever held here than the credit; what standard input gives goes out in
 * writes, several at a time. Leaving ends the stream first and waits for what is on its way, so
 * that every byte has either been printed or is there for the next reader.
 */
#ifndef CTL_JOINT_H
#define CTL_JOINT_H

#include "client/ctl/ctl.h"
#include "client/ctl/drain.h"
#include "client/ctl/progress.h"

/* What becomes of the socket when standard input ends. */
enum joint_eof {
    JOINT_SHUTDOWN, /* its writing side is shut down; what it receives is still printed */
    JOINT_CLOSE,    /* it is closed */
    JOINT_KEEP,     /* nothing; it is left alone */
};

enum {
    JOINT_PIECE = 256 * 1024, /* bytes of one write */
    JOINT_WRITES = 16,        /* in flight at a time */
};

/* A write in flight. */
struct joint_write {
    struct joint *joint; /* NULL: the place is free */
    uint32_t request;
};

struct joint {
    /* set by the caller, the rest zeroed */
    struct ctl *ctl;
    const char *handle;
    bool has_input;
    bool is_terminal; /* the input */
    int key;          /* that detaches, from a terminal */
    enum joint_eof eof;
    uint64_t limit; /* ends after so many bytes received; 0: never */
    bool progress;

    struct sockd_args *args;
    struct drain drain;
    struct progress shown;
    char *piece;
    struct joint_write writes[JOINT_WRITES];
    unsigned in_flight;
    uint64_t sent;
    uint64_t received;
    uint64_t credited; /* bytes of credit given in all */
    bool escapes;      /* the output is a terminal that is to be protected */
    bool input_over;
    bool write_failed;
    bool stream_over;
    bool leaving;  /* detached, interrupted or done */
    bool farewell; /* the last request has been made */
    bool over;
    int status;
};

/* Joins until it is over. An exit status, after a message if it failed. */
int joint_run(struct joint *joint);

#endif
