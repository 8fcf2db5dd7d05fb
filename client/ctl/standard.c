/*
 * The standard descriptors. See standard.h.
 */
#include "client/ctl/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int standard_fill(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int wrong_way = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way) < 0)
            return -errno;
    }
    return 0;
}

int standard_check_output(void)
{
    int flags = fcntl(STDOUT_FILENO, F_GETFL);

    return flags < 0 || (flags & O_ACCMODE) == O_RDONLY ? -EBADF : 0;
}
