/* The way to a unix socket. See guard.h. */
#include "net/guard.h"

#include "net/net_private.h"
#include "util/cleanup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>

static size_t guard_name_length(const struct address *address)
{
    size_t length = address->length - offsetof(struct sockaddr_un, sun_path);
    return address->length > offsetof(struct sockaddr_un, sun_path) ? length : 0;
}

static int guard_open_path(struct guard *guard, const struct address *to)
{
    char path[sizeof to->un.sun_path + 1] = "";
    memcpy(path, to->un.sun_path, MIN(guard_name_length(to), sizeof to->un.sun_path));
    guard->file = open(path, O_PATH | O_CLOEXEC);
    return guard->file < 0 ? -errno : 0;
}

/* The same file by a name that cannot change. Where /proc is not mounted the path has to do. */
static void guard_pin(struct guard *guard)
{
    struct sockaddr_un *pinned = &guard->address.un;
    char path[40];
    int length = snprintf(path, sizeof path, "/proc/self/fd/%d", guard->file);
    if (faccessat(AT_FDCWD, path, F_OK, 0) < 0)
        return;
    memcpy(pinned->sun_path, path, (size_t)length + 1);
    guard->address.length =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length + 1);
}

int guard_open(struct guard *guard, const struct net *net, const struct address *to)
{
    *guard = (struct guard){.address = *to, .file = -1};
    if (net->config.may_reach == NULL || to->family != AF_UNIX || guard_name_length(to) == 0)
        return 0;
    bool has_path = to->un.sun_path[0] != '\0';
    int result = has_path ? guard_open_path(guard, to) : 0;
    if (result == 0)
        result = net->config.may_reach(net->config.context, to, guard->file);
    if (result < 0)
        guard_close(guard);
    else if (has_path)
        guard_pin(guard);
    return result;
}

void guard_close(struct guard *guard)
{
    int error = errno;
    close_fdp(&guard->file);
    errno = error;
}

int net_may_reach(const struct net *net, const struct address *to)
{
    struct guard guard;
    int result = guard_open(&guard, net, to);
    guard_close(&guard);
    return result == -EPERM ? result : 0;
}
