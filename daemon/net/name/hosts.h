/*
 * What /etc/hosts knows, so that a look-up that needs no name service need not queue behind those
 * that do. It answers nothing itself: getaddrinfo(3) does, which looks there too.
 *
 * The file is kept in memory and read anew when it has changed. For one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define HOSTS_PATH "/etc/hosts"

struct hosts {
    const char *path;
    char *text; /* terminated; NULL: there is none */
    struct stat status;
};

void hosts_init(struct hosts *hosts, const char *path);
void hosts_deinit(struct hosts *hosts);

/* Whether the file has an address of that family (AF_UNSPEC: any) for the name. */
bool hosts_have_name(struct hosts *hosts, const char *name, int family);

/* Whether it has a name for that address. */
bool hosts_have_address(struct hosts *hosts, const struct sockaddr *address);
