/*
 * Where the daemon's control socket is.
 */
#ifndef CLIENT_PATH_H
#define CLIENT_PATH_H

#include <stddef.h>
#include <sys/un.h>

/* Room for any path that a unix socket can have. */
enum { PATH_ROOM = sizeof(((struct sockaddr_un *)0)->sun_path) };

/* Writes the path that the rule of sockd_open() gives. 0, or -ENAMETOOLONG. It may connect to the
 * user's own daemon to see whether one listens. */
int path_find(const char *path, char *buffer, size_t size);

#endif
