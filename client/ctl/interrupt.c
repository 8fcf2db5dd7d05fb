/*
 * SIGINT as a descriptor. See interrupt.h.
 */
#include "client/ctl/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* The handler has nothing else to go by. */
static int ends[2] = {-1, -1};

static void on_interrupt(int signal)
{
    int error = errno;

    (void)signal;
    if (write(ends[1], "", 1) < 0)
        errno = error; /* a full pipe says it already */
}

int interrupt_start(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    struct sigaction old;

    if (ends[0] >= 0)
        return ends[0];
    if (sigaction(SIGINT, NULL, &old) < 0 || old.sa_handler == SIG_IGN)
        return -1;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -1;
    return sigaction(SIGINT, &action, NULL) < 0 ? -1 : ends[0];
}

bool interrupt_came(void)
{
    struct pollfd fd = {.fd = ends[0], .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

bool interrupt_wait(int milliseconds)
{
    struct pollfd fd = {.fd = ends[0], .events = POLLIN};
    int count = poll(&fd, 1, milliseconds);

    return count == 1 || (count < 0 && interrupt_came());
}

void interrupt_clear(void)
{
    char bytes[64];

    while (read(ends[0], bytes, sizeof bytes) > 0)
        ;
}

bool interrupt_wait_readable(int fd)
{
    struct pollfd fds[] = {
        {.fd = fd, .events = POLLIN},
        {.fd = ends[0], .events = POLLIN},
    };

    for (;;) {
        int count = poll(fds, 2, -1);
        if (count < 0 && errno != EINTR)
            return true; /* the read will say what is wrong */
        if (count > 0)
            return !fds[1].revents;
    }
}
