/* The way to a unix socket. See unix_way.h. */
#include "net/unix_way.h"

#include "net/net_private.h"
#include "util/cleanup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>

static size_t unix_way_name_length(const struct address *address)
{
    size_t length = address->length - offsetof(struct sockaddr_un, sun_path);
    return address->length > offsetof(struct sockaddr_un, sun_path) ? length : 0;
}

static int unix_way_open_path(struct unix_way *way, const struct address *to)
{
    char path[sizeof to->un.sun_path + 1] = "";
    memcpy(path, to->un.sun_path, MIN(unix_way_name_length(to), sizeof to->un.sun_path));
    way->file = open(path, O_PATH | O_CLOEXEC);
    return way->file < 0 ? -errno : 0;
}

/* The same file by a name that cannot change. Where /proc is not mounted the path has to do. */
static void unix_way_pin(struct unix_way *way)
{
    struct sockaddr_un *pinned = &way->address.un;
    char path[40];
    int length = snprintf(path, sizeof path, "/proc/self/fd/%d", way->file);
    if (faccessat(AT_FDCWD, path, F_OK, 0) < 0)
        return;
    memcpy(pinned->sun_path, path, (size_t)length + 1);
    way->address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length + 1);
}

int unix_way_open(struct unix_way *way, const struct net *net, const struct address *to)
{
    *way = (struct unix_way){.address = *to, .file = -1};
    if (net->config.may_reach == NULL || to->family != AF_UNIX || unix_way_name_length(to) == 0)
        return 0;
    bool has_path = to->un.sun_path[0] != '\0';
    int result = has_path ? unix_way_open_path(way, to) : 0;
    if (result == 0)
        result = net->config.may_reach(net->config.context, to, way->file);
    if (result < 0)
        unix_way_close(way);
    else if (has_path)
        unix_way_pin(way);
    return result;
}

void unix_way_close(struct unix_way *way)
{
    int error = errno;
    close_fdp(&way->file);
    errno = error;
}

int net_may_reach(const struct net *net, const struct address *to)
{
    struct unix_way way;
    int result = unix_way_open(&way, net, to);
    unix_way_close(&way);
    return result == -EPERM ? result : 0;
}
