/*
 * What a fuzzed server may not do to the machine it runs on: the linker puts these in the place of
 * the system's calls (--wrap). Nothing leaves the machine or touches its files and its other
 * services, whatever addresses the input makes up. And the time, which passes when the input says.
 */
#include "guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
int __real_bind(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length);
ssize_t __real_sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *address, socklen_t length);
ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *address, socklen_t length);
int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length);
int __wrap_unlink(const char *path);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list);
int __wrap_getnameinfo(const struct sockaddr *address, socklen_t length, char *host,
                       socklen_t host_size, char *service, socklen_t service_size, int flags);

static int refuse(int error)
{
    errno = error;
    return -1;
}

static int is_plain(int domain, int type)
{
    type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    return (domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX) &&
           (type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET);
}

int __wrap_socket(int domain, int type, int protocol)
{
    return is_plain(domain, type) ? __real_socket(domain, type, protocol) : refuse(EPERM);
}

/* Loopback, or nothing at all. */
static int is_harmless(const struct sockaddr *address, socklen_t length)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (!address || length < sizeof(sa_family_t))
        return 1;
    if (address->sa_family == AF_INET && length >= sizeof in) {
        memcpy(&in, address, sizeof in);
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6 && length >= sizeof in6) {
        memcpy(&in6, address, sizeof in6);
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
    }
    return 0;
}

/* A bound or listening socket of the input's own would be the only one to meet; ports of other
 * programs are none of its business either. */
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
    (void)fd;
    return refuse(is_harmless(address, length) ? ECONNREFUSED : EACCES);
}

/* Any free port of the loopback device, whatever was asked for. */
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t length)
{
    struct sockaddr_storage own = {0};
    if (length > sizeof own || !is_harmless(address, length))
        return refuse(EACCES);
    memcpy(&own, address, length);
    if (own.ss_family == AF_INET)
        ((struct sockaddr_in *)&own)->sin_port = 0;
    if (own.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&own)->sin6_port = 0;
    return __real_bind(fd, (struct sockaddr *)&own, length);
}

ssize_t __wrap_sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *address, socklen_t length)
{
    if (address)
        return refuse(EACCES);
    return __real_sendto(fd, data, size, flags, NULL, length);
}

/* Joining a group would announce itself on the network. */
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
    if (level != SOL_SOCKET && level != IPPROTO_TCP)
        return refuse(EPERM);
    return __real_setsockopt(fd, level, name, value, length);
}

int __wrap_unlink(const char *path)
{
    (void)path;
    return refuse(EACCES);
}

/* Numbers are addresses; no name is asked for outside. */
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **list)
{
    struct addrinfo numeric = {0};
    if (hints)
        numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
    return __real_getaddrinfo(host, service, &numeric, list);
}

int __wrap_getnameinfo(const struct sockaddr *address, socklen_t length, char *host,
                       socklen_t host_size, char *service, socklen_t service_size, int flags)
{
    (void)address, (void)length, (void)host, (void)host_size, (void)service, (void)service_size;
    (void)flags;
    return EAI_NONAME;
}

/* ---- time ---- */

static int64_t ahead, look = 100;

void guard_wait(int64_t nanoseconds)
{
    ahead += nanoseconds;
}

void guard_freeze(void)
{
    look = 0;
}

/* In the place of libc's, for libevent too. The clocks that nobody sets begin long ago, and each
 * look at them takes a moment: an input takes the same time whenever it runs. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE && clock != CLOCK_MONOTONIC_RAW)
        return (int)syscall(SYS_clock_gettime, clock, now);
    int64_t nanoseconds = __atomic_add_fetch(&ahead, look, __ATOMIC_RELAXED);
    *now = (struct timespec){1000000 + nanoseconds / 1000000000, nanoseconds % 1000000000};
    return 0;
}
