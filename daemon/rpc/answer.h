/*
 * The result of a call, before it is MessagePack: what a method fills in and how it is written.
 */
#pragma once

#include "net/address.h"
#include "protocol/methods.h"
#include "protocol/view.h"
#include "protocol/writer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_call;
struct sock;

/* Which member counts is said by the method's row in the table of methods. */
struct answer {
    union {
        bool boolean;        /* METHOD_RESULT_BOOL */
        int64_t integer;     /* INT, COUNT */
        const char *text;    /* TEXT, EVENTS; static, or lives until the answer is written */
        struct {             /* ACTIVITY */
            unsigned events; /* LOOP_READ, LOOP_WRITE */
            bool as_number;
        } activity;
        struct { /* LINGER */
            bool active;
            int seconds;
        } linger;
        struct { /* BYTES, BYTES_STATUS, BYTES_FROM: in the socket's read-ahead */
            const void *data;
            size_t length;
            bool eof;
            bool consumed; /* they leave the read-ahead with this answer */
        } bytes;
        struct {                 /* ID, ID_PAIR, ID_ADDRESS */
            struct sock *sock;   /* a reference of the answer's */
            struct sock *second; /* of a pair, likewise; NULL otherwise */
            uint64_t listener;   /* from which it was accepted, or 0 */
        } made;
        struct sock *of; /* ADDRESS: of this socket, borrowed; what `address` holds */
        struct {         /* ANY, VALUE: one value, encoded already */
            const void *data;
            size_t size;
        } value;
        struct {                                                      /* MAP, LIST */
            int (*put)(struct rpc_call *call, struct writer *writer); /* 0 or -errno */
            struct sock *of;                                          /* of which it tells */
            struct view filters; /* in the message: a map, or nothing */
        } map;
    };
    struct address address; /* ADDRESS, ID_ADDRESS; BYTES_FROM: of length 0 if there is none */
};

/* Writes the one value of the result. For bytes, `*data_at` becomes the writer's size before the
 * first of them. Returns 0, or a negative errno of a `put`; a writer that fails says so itself. */
int answer_put(struct writer *writer, enum method_result kind, const struct answer *answer,
               struct rpc_call *call, size_t *data_at);

/* What an address is for, beside itself. */
struct purpose {
    int type, protocol;
    const char *canonname; /* NULL: not known, and left out */
};

/* Writes an address: {host, family, type, protocol, port}, and canonname; without a purpose only
 * {host, family, port}. */
void answer_put_address(struct writer *writer, const struct address *address,
                        const struct purpose *purpose);
