/*
 * Descriptors that came along with a client's bytes (SCM_RIGHTS, unix(7)), each with the range of
 * bytes that it may have come with: the kernel says no more than that it was one of those that were
 * received at once. A request that wants one takes it; whatever else there is gets closed as soon
 * as no further message can be meant.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* More than ever matter: one is wanted, two are too many, and of one receive no more are kept. */
#define PASSED_MAX 4

struct passed {
    unsigned count;
    struct {
        int fd; /* -1: it was lost for want of descriptors */
        uint64_t from, to;
    } at[PASSED_MAX]; /* in order */
};

/* Takes over what a recvmsg(2) has brought with the bytes from `from` up to `to` of the stream. */
void passed_add(struct passed *passed, struct msghdr *message, uint64_t from, uint64_t to);

/* Hands out the descriptor that came with the message that ends before `end`. -ENOENT: none did;
 * -E2BIG: several, which are closed; -EMFILE: it could not be received. */
int passed_take(struct passed *passed, uint64_t end);

/* Closes what came with the bytes before `end` only. */
void passed_drop(struct passed *passed, uint64_t end);
