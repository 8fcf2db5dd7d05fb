/*
 * Those who look on at a socket: they learn what happens to it and take nothing of it.
 *
 * A watch hears of changes, once for each; a tap sees the bytes that pass. Both hang on the socket
 * beside its queues, cost it one comparison when there are none, and share its registration with
 * the kernel. They are neither operations nor references: who has one listens to sock_on_close too.
 */
#pragma once

#include "util/list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock;

/* What a watch can hear of, as a set. */
#define SOCK_READABLE 1u  /* bytes came, or a message; not the end of the stream */
#define SOCK_WRITABLE 2u  /* there is room again, or the connection stands */
#define SOCK_ACCEPT   4u  /* a listener has a connection to accept */
#define SOCK_EOF      8u  /* the peer has ended its side; bytes may still wait */
#define SOCK_ERROR    16u /* the connection, or sending, has failed */

struct sock_news {
    unsigned events;
    int error;        /* with SOCK_ERROR: a positive errno */
    size_t available; /* with SOCK_READABLE, of a stream: bytes that can be read now */
};

/*
 * `fn` is called from the loop, or from within an operation that fails, and may put off the news
 * but neither close the socket nor start operations. Unlinking `link` takes the watch back.
 */
struct sock_watch {
    struct list link;
    unsigned want;
    unsigned told;  /* states that hold and that it knows of */
    bool early;     /* the event of what it was told of may be still to come */
    bool asks;      /* what holds is news, without an event */
    uint64_t known; /* of the bytes that ever came, those that it was told of */
    void (*fn)(struct sock_watch *watch, const struct sock_news *news);
};

/* Begins, or begins anew with other wishes. What holds already is told too, from the loop. Of an
 * open socket; -ENOMEM, and nothing has changed. */
int sock_watch_start(struct sock *sock, struct sock_watch *watch, unsigned want);

/*
 * `fn` gets each piece as the kernel gave it (LOOP_READ) or took it (LOOP_WRITE), from within the
 * operation, with the same restrictions. What came is seen when it is received for whomever, and
 * once, even if it returns to the read-ahead afterwards. Unlinking `link` takes the tap back.
 * -ENOMEM.
 */
struct sock_tap {
    struct list link;
    void (*fn)(struct sock_tap *tap, unsigned direction, const void *data, size_t length);
};

int sock_tap_start(struct sock *sock, struct sock_tap *tap);
