/*
 * Output that is gathered while a fiber runs, for the files of this folder. Others know
 * sock_gather, sock_flush and net_flush.
 */
#pragma once

#include "util/buffer.h"

#include <stdbool.h>

struct net;
struct sock;

enum {
    GATHER_MAX = 32 << 10,  /* bytes that one socket may gather */
    GATHER_PIECE = 4 << 10, /* at a time: to copy more costs more than a system call */
    GATHER_SPARE = 64,      /* objects kept for reuse */
};

/* A shutdown of the sending half while some of the bytes are left: it will follow them. False:
 * there is nothing left to wait for. */
bool gather_shut(struct sock *sock);

/* The socket closes: sends what it has gathered; what the kernel does not take goes to `*left`,
 * which is the caller's then. */
void gather_close(struct sock *sock, struct buffer *left);

void gather_free_spare(struct net *net);
