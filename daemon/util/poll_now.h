/*
 * poll(2) that only looks. With a timeout of 0 it still fails with EINTR when a signal is pending
 * and nothing is ready, which must not pass for an answer: where events come by edges nobody would
 * ask again.
 */
#pragma once

#include <errno.h>
#include <poll.h>

/* What is the case of `events`, and of what poll(2) tells unasked. It cannot fail otherwise: only
 * for many descriptors does the kernel need memory. */
static inline short poll_now(int fd, short events)
{
    struct pollfd descriptor = {.fd = fd, .events = events};
    int count;
    do
        count = poll(&descriptor, 1, 0);
    while (count < 0 && errno == EINTR);
    return count > 0 ? descriptor.revents : 0;
}
