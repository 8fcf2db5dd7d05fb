/* Identities and what is refused to them; see access.h. */
#include "rpc/access.h"

#include "net/address.h"
#include "net/option.h"
#include "protocol/methods.h"
#include "util/cleanup.h"
#include "util/error.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Ports that only root may bind otherwise (ip(7)). */
#define ACCESS_PORT_FREE     1024

/* The highest SO_PRIORITY that needs no CAP_NET_ADMIN (socket(7)). */
#define ACCESS_PRIORITY_FREE 6

/* What needs no CAP_NET_ADMIN of congestion controls. */
#define ACCESS_CONGESTION    "/proc/sys/net/ipv4/tcp_allowed_congestion_control"

/* Whether it is one of the other side's supplementary groups. */
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

/* Whether the process serves sockets for others, by the name that it has given itself. One that has
 * ended says nothing any more. */
static bool serves_others(pid_t pid)
{
    char path[40], name[sizeof ACCESS_DAEMON_NAME + 1];
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, name, sizeof name) : -1;
    return length == sizeof ACCESS_DAEMON_NAME &&
           memcmp(name, ACCESS_DAEMON_NAME "\n", (size_t)length) == 0;
}

int access_identify(struct identity *out, int fd, const struct access_rules *rules)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -errno;
    if (peer.pid == getpid() && serves_others(peer.pid))
        return -ELOOP;
    out->uid = peer.uid;
    out->pid = peer.pid;
    out->allowed = rules->allowed;
    out->admin =
        peer.uid == 0 || peer.uid == geteuid() ||
        (rules->has_admins && (peer.gid == rules->admins || is_in_groups(fd, rules->admins)));
    if (out->admin && serves_others(peer.pid))
        out->admin = false;
    out->member =
        rules->has_members && (peer.gid == rules->members || is_in_groups(fd, rules->members));
    return 0;
}

bool access_group_of(int fd, gid_t *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNSPEC};
    socklen_t length = sizeof address - 1; /* a path that fills it is not terminated */
    struct stat file;
    if (getsockname(fd, (struct sockaddr *)&address, &length) < 0 ||
        address.sun_family != AF_UNIX || length <= offsetof(struct sockaddr_un, sun_path) ||
        address.sun_path[0] == 0 || lstat(address.sun_path, &file) < 0)
        return false;
    *out = file.st_gid;
    return true;
}

/* ---- privileges ---- */

static const struct {
    const char *name, *method, *refusal;
} privileges[ACCESS_PRIVILEGES] = {
#define ACCESS_ENTRY(id, name, method, refusal) [ACCESS_##id] = {name, method, refusal},
    ACCESS_TABLE(ACCESS_ENTRY, ACCESS_ENTRY)
#undef ACCESS_ENTRY
};

int access_privilege_parse(const char *name)
{
    for (int i = 0; i < ACCESS_PRIVILEGES; i++)
        if (strcmp(privileges[i].name, name) == 0)
            return i;
    return -EINVAL;
}

size_t access_privilege_names(unsigned bits, const char *names[ACCESS_PRIVILEGES])
{
    size_t count = 0;
    for (int i = 0; i < ACCESS_PRIVILEGES; i++)
        if (bits >> i & 1)
            names[count++] = privileges[i].name;
    return count;
}

const char *access_to(const struct identity *who, enum access_privilege privilege)
{
    return who->admin || (who->allowed >> privilege & 1) ? NULL : privileges[privilege].refusal;
}

/* One that no privilege names is for administrators alone. */
const char *access_to_method(const struct identity *who, const struct method *method)
{
    if (who->admin || method->caller != METHOD_CALLER_ADMIN)
        return NULL;
    for (int i = 0; i < ACCESS_PRIVILEGES; i++)
        if (privileges[i].method && strcmp(privileges[i].method, method->name) == 0)
            return access_to(who, (enum access_privilege)i);
    return "this method is for administrators";
}

/* ---- what needs which ---- */

/* Other families reach into the kernel (netlink, packets, crypto) with the daemon's rights. */
const char *access_to_type(const struct identity *who, int domain, int type)
{
    const char *refused = NULL;
    type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (domain != AF_INET && domain != AF_INET6 && domain != AF_UNIX)
        refused = access_to(who, ACCESS_DOMAINS);
    if (!refused && type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
        refused = access_to(who, ACCESS_RAW);
    return refused;
}

/* Whether it is connected to a program of another user, or of one that the kernel does not tell. */
static bool reaches_another(int fd, uid_t uid)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    struct ucred peer;
    socklen_t size = sizeof peer;
    return getpeername(fd, (struct sockaddr *)&address, &length) == 0 &&
           (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != uid);
}

/* Whether another owner of the open file, the giver, can still send elsewhere what is sent through
 * it: connect(2) works on a datagram socket again and again. */
static bool is_movable(int fd)
{
    int type;
    socklen_t size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM;
}

/* Who receives through a unix socket may ask the kernel who sent each message (SO_PASSCRED), and
 * for other families the kernel itself asks what the sender may do (netlink(7)): that would be the
 * daemon. */
const char *access_to_given(const struct identity *who, int fd)
{
    int domain;
    socklen_t length = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0 || domain == AF_INET ||
        domain == AF_INET6)
        return NULL;
    if (domain != AF_UNIX)
        return access_to(who, ACCESS_DOMAINS);
    if (is_movable(fd))
        return who->admin ? NULL : "only administrators may give unix datagram sockets";
    return reaches_another(fd, who->uid) ? access_to(who, ACCESS_UNIX) : NULL;
}

/* "unix/" is no part of any host's name, so that it need not be known how a URL is taken apart. */
const char *access_to_host(const struct identity *who, const char *host)
{
    return host && strstr(host, ADDRESS_UNIX) ? access_to(who, ACCESS_UNIX) : NULL;
}

const char *access_to_port(const struct identity *who, int port)
{
    return port > 0 && port < ACCESS_PORT_FREE ? access_to(who, ACCESS_PORTS) : NULL;
}

const char *access_to_connect(const struct identity *who, const struct address *address)
{
    return address->family == AF_UNIX ? access_to(who, ACCESS_UNIX) : NULL;
}

const char *access_to_listen(const struct identity *who, int domain, int fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    if (domain != AF_UNIX || getpeername(fd, (struct sockaddr *)&peer, &length) == 0)
        return NULL; /* one that is connected cannot listen */
    return access_to(who, ACCESS_UNIX);
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

/* Whether the machine leaves a congestion control to everybody; the others, and the modules that
 * they would load, need CAP_NET_ADMIN (tcp(7)). */
static bool is_free_congestion(const char *name)
{
    char allowed[1024] = "";
    CLEANUP(close_fdp) int fd = open(ACCESS_CONGESTION, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, allowed, sizeof allowed - 1) : -1;
    if (length <= 0)
        return false;
    char *rest = allowed;
    for (char *word; (word = strsep(&rest, " \n"));)
        if (*word && strcmp(word, name) == 0)
            return true;
    return false;
}

/* For some options the kernel asks the one who sets them, which is the daemon, for more rights. */
static bool lends_rights(const struct option *option, const struct option_value *value)
{
    if (option->privileged)
        return true;
    if (option->level == IPPROTO_TCP && option->number == TCP_CONGESTION)
        return !is_free_congestion(value->text);
    if (option->level != SOL_SOCKET)
        return false;
    return (option->number == SO_DEBUG && value->integer != 0) ||
           (option->number == SO_PRIORITY &&
            (value->integer < 0 || value->integer > ACCESS_PRIORITY_FREE));
}

static enum access_privilege option_privilege(const struct option *option)
{
    static const struct {
        int level, number;
        enum access_privilege privilege;
    } named[] = {
        {SOL_SOCKET, SO_MARK, ACCESS_MARK},
        {SOL_SOCKET, SO_BINDTODEVICE, ACCESS_DEVICE},
        {SOL_SOCKET, SO_RCVBUFFORCE, ACCESS_BUFFERS},
        {SOL_SOCKET, SO_SNDBUFFORCE, ACCESS_BUFFERS},
        {IPPROTO_IP, IP_TRANSPARENT, ACCESS_TRANSPARENT},
    };
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (named[i].level == option->level && named[i].number == option->number)
            return named[i].privilege;
    return ACCESS_OPTIONS;
}

const char *access_to_option(const struct identity *who, const struct option *option,
                             const struct option_value *value)
{
    return lends_rights(option, value) ? access_to(who, option_privilege(option)) : NULL;
}
