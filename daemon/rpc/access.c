/* Identities and what is refused to them; see access.h. */
#include "rpc/access.h"

#include "net/option.h"

#include "net/address.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

/* Ports that only root may bind otherwise (ip(7)). */
#define ACCESS_PORT_FREE     1024

/* The highest SO_PRIORITY that needs no CAP_NET_ADMIN (socket(7)). */
#define ACCESS_PRIORITY_FREE 6

static bool is_in_groups(int fd, gid_t group)
{
    gid_t few[64];
    socklen_t size = sizeof few;
    CLEANUP(freep) gid_t *many = NULL;
    gid_t *groups = few;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &size) < 0) {
        if (errno != ERANGE || !(many = malloc(size)) ||
            getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, many, &size) < 0)
            return false;
        groups = many;
    }
    for (size_t i = 0; i < size / sizeof(gid_t); i++)
        if (groups[i] == group)
            return true;
    return false;
}

int access_identify(struct identity *out, int fd, const gid_t *group)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -errno;
    out->uid = peer.uid;
    out->pid = peer.pid;
    out->admin = peer.uid == 0 || peer.uid == geteuid() ||
                 (group && (peer.gid == *group || is_in_groups(fd, *group)));
    return 0;
}

/* Other families reach into the kernel (netlink, packets, crypto) with the daemon's rights. */
const char *access_to_type(const struct identity *who, int domain, int type)
{
    type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (who->admin)
        return NULL;
    if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
        return "only administrators may make sockets of this domain";
    if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
        return "only administrators may make sockets of this type";
    return NULL;
}

/* "unix/" is no part of any host's name, so that it need not be known how a URL is taken apart. */
const char *access_to_host(const struct identity *who, const char *host)
{
    return who->admin || !host || !strstr(host, ADDRESS_UNIX)
               ? NULL
               : "only administrators may use unix paths";
}

const char *access_to_port(const struct identity *who, int port)
{
    return who->admin || port <= 0 || port >= ACCESS_PORT_FREE
               ? NULL
               : "only administrators may bind ports below 1024";
}

const char *access_to_connect(const struct identity *who, const struct address *address)
{
    return who->admin || address->family != AF_UNIX ? NULL
                                                    : "only administrators may use unix paths";
}

const char *access_to_bind(const struct identity *who, const struct address *address)
{
    const char *refused = access_to_connect(who, address);
    if (refused)
        return refused;
    if (address->family == AF_INET)
        return access_to_port(who, ntohs(address->in.sin_port));
    if (address->family == AF_INET6)
        return access_to_port(who, ntohs(address->in6.sin6_port));
    return NULL;
}

/* For some options the kernel asks the one who sets them, which is the daemon, for more rights. */
static bool lends_rights(const struct option *option, const struct option_value *value)
{
    if (option->privileged)
        return true;
    if (option->level != SOL_SOCKET)
        return false;
    return (option->number == SO_DEBUG && value->integer != 0) ||
           (option->number == SO_PRIORITY &&
            (value->integer < 0 || value->integer > ACCESS_PRIORITY_FREE));
}

const char *access_to_option(const struct identity *who, const struct option *option,
                             const struct option_value *value)
{
    return !who->admin && lends_rights(option, value) ? "only administrators may set that" : NULL;
}
