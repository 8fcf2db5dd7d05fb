/*
 * Sockets whose descriptor the kernel has, and of which the client has still to say that it came:
 * what forwards a control socket drops descriptors and tells nobody.
 *
 * Meanwhile the socket is lent: everybody finds it closed. It is given away when the client says
 * that the descriptor came (sockd.taken). It is back as it was when the client says that none came,
 * when the time for saying so is over, or when the connection ends without a word.
 */
#pragma once

#include "loop/loop.h"
#include "util/list.h"

#include <stdbool.h>
#include <stdint.h>

struct handles;
struct sock;

struct handovers {
    struct list waiting; /* for a word of the client's */
    struct loop *loop;
    struct handles *handles;
    double patience; /* seconds */
};

void handovers_init(struct handovers *handovers, struct loop *loop, struct handles *handles,
                    double patience);

struct handover;

/* One that the answer to the request `msgid` will begin. NULL: no memory. */
struct handover *handover_new(struct handovers *handovers, uint32_t msgid);

/* It does not come to that. NULL is allowed. */
void handover_free(struct handover *handover);

/* The answer is out. A reference of the socket, which is lent, is consumed. */
void handover_begin(struct handover *handover, struct sock *sock);

/* The client's word on the descriptor that came, or did not, with the answer to that request. 0, or
 * -ENOENT: nobody waits for it, or not any more. */
int handovers_settle(struct handovers *handovers, uint32_t msgid, bool came);

/* No word can come any more: all of them are back. */
void handovers_end(struct handovers *handovers);
