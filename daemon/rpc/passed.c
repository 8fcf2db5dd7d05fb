/* Descriptors that came along with bytes; see passed.h. */
#include "rpc/passed.h"

#include "loop/closer.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <string.h>

/* What one receive may keep; see PASSED_MAX. */
#define PASSED_AT_ONCE 2

static void passed_keep(struct passed *passed, int fd, uint64_t from, uint64_t to)
{
    if (passed->count == PASSED_MAX) {
        closer_closep(&fd);
        return;
    }
    passed->at[passed->count].fd = fd;
    passed->at[passed->count].from = from;
    passed->at[passed->count].to = to;
    passed->count++;
}

void passed_add(struct passed *passed, struct msghdr *message, uint64_t from, uint64_t to)
{
    unsigned kept = 0;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control;
         control = CMSG_NXTHDR(message, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(control) + i * sizeof fd, sizeof fd);
            if (kept++ < PASSED_AT_ONCE)
                passed_keep(passed, fd, from, to);
            else
                closer_close(fd);
        }
    }
    if (message->msg_flags & MSG_CTRUNC)
        passed_keep(passed, -1, from, to);
}

/* Takes the first one out. */
static int passed_shift(struct passed *passed)
{
    int fd = passed->at[0].fd;
    passed->count--;
    memmove(&passed->at[0], &passed->at[1], passed->count * sizeof passed->at[0]);
    return fd;
}

int passed_take(struct passed *passed, uint64_t end)
{
    unsigned count = 0;
    while (count < passed->count && passed->at[count].from < end)
        count++;
    if (count == 0)
        return -ENOENT;
    if (count == 1) {
        int fd = passed_shift(passed);
        return fd >= 0 ? fd : -EMFILE;
    }
    for (; count > 0; count--) {
        CLEANUP(closer_closep) int fd = passed_shift(passed);
        (void)fd;
    }
    return -E2BIG;
}

void passed_drop(struct passed *passed, uint64_t end)
{
    while (passed->count > 0 && passed->at[0].to <= end) {
        CLEANUP(closer_closep) int fd = passed_shift(passed);
        (void)fd;
    }
}
