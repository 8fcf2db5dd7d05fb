/* What unit tests share; see harness.h. */
#include "harness/harness.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int harness_fd_count(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return -errno;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count - 1; /* the folder itself */
}

int harness_fd_settle(int count)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < 10000 && harness_fd_count() > count; i++)
        nanosleep(&pause, NULL);
    return harness_fd_count();
}

int harness_tempdir_new(char *path, size_t size)
{
    const char *base = getenv("TMPDIR");
    int length = snprintf(path, size, "%s/sockd-test-XXXXXX", base ? base : "/tmp");
    if (length < 0 || (size_t)length >= size)
        return -ENAMETOOLONG;
    return mkdtemp(path) ? 0 : -errno;
}

int harness_tempdir_free(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir)
        return -errno;
    int result = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (unlinkat(dirfd(dir), entry->d_name, 0) < 0 && !result)
            result = -errno;
    }
    closedir(dir);
    if (rmdir(path) < 0 && !result)
        result = -errno;
    return result;
}

int harness_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        return -errno;
    if (address.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return -EAFNOSUPPORT;
}

struct sockaddr_un harness_unix_address(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof address.sun_path)
        abort();
    memcpy(address.sun_path, path, length + 1);
    return address;
}
