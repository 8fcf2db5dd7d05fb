/*
 * Where the daemon's control socket is. See path.h.
 */
#include "client/path.h"

#include "client/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_PATH "/run/sockd/sockd.sock"

static int copy(const char *path, char *buffer, size_t size)
{
    int length = snprintf(buffer, size, "%s", path);

    return length >= 0 && (size_t)length < size ? 0 : -ENAMETOOLONG;
}

/* Whether a process of this user's listens there: somebody else's daemon is not the user's. Of one
 * that is too busy to say, the owner of the file is asked. */
static bool is_ours(const char *path)
{
    struct connection connection;
    struct ucred peer = {0};
    struct stat status;
    socklen_t size = sizeof peer;

    if (connection_begin(&connection, path) < 0)
        return false;
    bool busy = connection.connecting;
    int failed = getsockopt(connection.fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    connection_close(&connection);
    if (busy)
        return stat(path, &status) == 0 && status.st_uid == geteuid();
    return !failed && peer.uid == geteuid();
}

/* The user's own daemon, if there is one. */
static int find_own(char *buffer, size_t size)
{
    const char *folder = getenv("XDG_RUNTIME_DIR");

    if (!folder || !*folder)
        return -ENOENT;
    int length = snprintf(buffer, size, "%s/sockd/sockd.sock", folder);
    if (length < 0 || (size_t)length >= size)
        return -ENAMETOOLONG;
    return is_ours(buffer) ? 0 : -ENOENT;
}

int path_find(const char *path, char *buffer, size_t size)
{
    if (!path)
        path = getenv("SOCKD_SOCKET");
    if (path && *path)
        return copy(path, buffer, size);
    if (find_own(buffer, size) == 0)
        return 0;
    return copy(SYSTEM_PATH, buffer, size);
}
