/* Reading a file whole; see file.h. */
#include "util/file.h"

#include "util/cleanup.h"
#include "util/error.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

/* Of at most so many bytes, as far as its size tells. */
static int open_regular(const char *path, size_t most)
{
    CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
    if ((uint64_t)status.st_size > most)
        return -EFBIG;
    return STEAL_FD(fd);
}

bool file_is_regular(const char *path)
{
    CLEANUP(close_fdp) int fd = open_regular(path, SIZE_MAX);
    return fd >= 0;
}

/* Up to `most` bytes, or a negative error. */
static ssize_t read_all(int fd, char *text, size_t most)
{
    size_t length = 0;
    while (length < most) {
        ssize_t count = read(fd, text + length, most - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -errno;
        if (count == 0)
            break;
        length += (size_t)count;
    }
    return (ssize_t)length;
}

/* What the descriptor has. */
static int read_whole(int fd, size_t most, char **text, size_t *size)
{
    CLEANUP(freep) char *bytes = malloc(most + 1); /* untouched pages cost nothing */
    if (!bytes)
        return -ENOMEM;
    ssize_t length = read_all(fd, bytes, most + 1);
    if (length < 0)
        return (int)length;
    if ((size_t)length > most)
        return -EFBIG;
    *size = (size_t)length;
    *text = STEAL(bytes);
    return 0;
}

int file_reopen(int fd)
{
    char path[32];
    struct stat status;
    if (fstat(fd, &status) < 0 || !(S_ISFIFO(status.st_mode) || isatty(fd)))
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

int file_read(const char *path, size_t most, char **text, size_t *size)
{
    CLEANUP(close_fdp) int fd = open_regular(path, most);
    return fd < 0 ? fd : read_whole(fd, most, text, size);
}

int file_read_any(const char *path, size_t most, char **text, size_t *size)
{
    CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : read_whole(fd, most, text, size);
}
