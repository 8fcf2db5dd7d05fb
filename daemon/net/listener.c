/*
 * Listening as servers do: at an address that an earlier run may still seem to hold.
 */
#include "net/net_private.h"

#include "util/cleanup.h"

#include <string.h>
#include <sys/stat.h>

/* Does nobody listen at the path any more? Only then its file may go. */
static bool path_is_dead(const struct address *at)
{
    struct stat file;
    if (lstat(at->un.sun_path, &file) < 0 || !S_ISSOCK(file.st_mode))
        return false;
    CLEANUP(close_fdp) int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return probe >= 0 && connect(probe, &at->any, at->length) < 0 && errno == ECONNREFUSED;
}

/* Remembers the file that bind(2) has made. */
static void listener_note_file(struct sock *sock, const struct address *at)
{
    struct stat file;
    struct sock_file *note = sock_make_rare(sock) == 0 ? calloc(1, sizeof(*note)) : NULL;
    if (note == NULL || lstat(at->un.sun_path, &file) < 0) {
        free(note);
        return;
    }
    note->device = file.st_dev;
    note->inode = file.st_ino;
    memcpy(note->path, at->un.sun_path, strnlen(at->un.sun_path, sizeof(note->path) - 1));
    free(sock->rare->file);
    sock->rare->file = note;
}

static int listener_bind(struct sock *sock, const struct address *at)
{
    bool has_file = at->family == AF_UNIX && at->un.sun_path[0] != '\0';
    int error = sock_bind(sock, at);
    if (error == -EADDRINUSE && has_file && path_is_dead(at) && unlink(at->un.sun_path) == 0)
        error = sock_bind(sock, at);
    if (error == 0 && has_file)
        listener_note_file(sock, at);
    if (error == 0)
        sock->any_port = (at->family == AF_INET && at->in.sin_port == 0) ||
                         (at->family == AF_INET6 && at->in6.sin6_port == 0);
    return error;
}

int sock_listen_at(struct sock *sock, const struct address *at, int backlog)
{
    if (!sock_is_open(sock))
        return -EBADF;
    int error = listener_bind(sock, at);
    return error < 0 ? error : sock_listen(sock, backlog > 0 ? backlog : SOMAXCONN);
}

int sock_new_listener(struct net *net, const struct address *at, int backlog, uid_t owner,
                      struct sock **out)
{
    struct sock *sock;
    int error = sock_new(net, at->family, SOCK_STREAM, 0, owner, &sock);
    if (error < 0)
        return error;
    int on = 1;
    if (at->family != AF_UNIX)
        (void)setsockopt(sock->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    error = sock_listen_at(sock, at, backlog);
    if (error < 0) {
        sock_unref(sock);
        return error;
    }
    *out = sock;
    return 0;
}
