/* Odd descriptors; see odd.h. Nothing of them leaves the machine: sockets are of loopback or unix,
 * those of the network's lower layers are bound to nothing. */
#include "odd.h"

#include "fuzz.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* The real ones, which the guard keeps from the server. */
int __real_socket(int domain, int type, int protocol);
int __real_connect(int fd, const struct sockaddr *address, socklen_t length);
int __real_bind(int fd, const struct sockaddr *address, socklen_t length);

static int plain(int domain, int type, int protocol)
{
    return __real_socket(domain, type | SOCK_CLOEXEC, protocol);
}

static int pair(int type, int *other)
{
    int fds[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) < 0)
        return -1;
    *other = fds[1];
    return fds[0];
}

static int channel(bool written, int *other)
{
    int fds[2];
    MUST(pipe2(fds, O_CLOEXEC) == 0);
    *other = fds[!written];
    return fds[written];
}

/* Listens on a free port of the loopback device. */
static int listener(struct sockaddr_in *at)
{
    socklen_t length = sizeof *at;
    int fd = plain(AF_INET, SOCK_STREAM, 0);
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    MUST(fd >= 0 && __real_bind(fd, (struct sockaddr *)at, sizeof *at) == 0);
    MUST(listen(fd, 2) == 0 && getsockname(fd, (struct sockaddr *)at, &length) == 0);
    return fd;
}

/* With somebody who knocks. */
static int knocked(int *other)
{
    struct sockaddr_in at;
    int fd = listener(&at);
    *other = plain(AF_INET, SOCK_STREAM, 0);
    MUST(__real_connect(*other, (struct sockaddr *)&at, sizeof at) == 0);
    return fd;
}

/* A blocking TCP connection. */
static int connection(int *other)
{
    int ear = knocked(other), fd = accept4(ear, NULL, NULL, SOCK_CLOEXEC);
    MUST(fd >= 0 && close(ear) == 0);
    return fd;
}

static int half(int how, int *other)
{
    int fd = connection(other);
    shutdown(fd, how);
    return fd;
}

static int orphan(int *other)
{
    int fd = connection(other);
    close(*other);
    *other = -1;
    return fd;
}

static int file(unsigned seals)
{
    int fd = memfd_create("odd", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    MUST(fd >= 0 && write(fd, "bytes", 5) == 5);
    (void)fcntl(fd, F_ADD_SEALS, seals);
    return fd;
}

static int open_socket(unsigned kind, int *other)
{
    struct sockaddr_in at;
    switch (kind) {
    case 0:
        return pair(SOCK_STREAM, other);
    case 1:
        return pair(SOCK_SEQPACKET, other);
    case 2:
        return pair(SOCK_DGRAM, other);
    case 3:
        return plain(AF_UNIX, SOCK_STREAM, 0);
    case 4:
        return listener(&at);
    case 5:
        return knocked(other);
    case 6:
        return connection(other);
    case 7:
        return half(SHUT_RD, other);
    case 8:
        return half(SHUT_WR, other);
    case 9:
        return half(SHUT_RDWR, other);
    case 10:
        return orphan(other);
    case 11:
        return plain(AF_INET, SOCK_STREAM, 0);
    case 12:
        return plain(AF_INET6, SOCK_DGRAM, 0);
    case 13:
        return plain(AF_INET, SOCK_DGRAM, 0);
    case 14:
        return plain(AF_NETLINK, SOCK_RAW, 0);
    case 15:
        return plain(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    case 16:
        return plain(AF_PACKET, SOCK_RAW, 0);
    default:
        return plain(AF_INET, SOCK_STREAM, 132 /* SCTP */);
    }
}

int odd_open(unsigned kind, int *other)
{
    *other = -1;
    if (kind < 18)
        return open_socket(kind, other);
    switch (kind) {
    case 18:
        return channel(false, other);
    case 19:
        return channel(true, other);
    case 20:
        return open("/", O_PATH | O_CLOEXEC);
    case 21:
        return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    case 22:
        return open("/dev/null", O_WRONLY | O_APPEND | O_CLOEXEC);
    case 23:
        return file(0);
    case 24:
        return file(F_SEAL_WRITE | F_SEAL_SHRINK);
    case 25:
        return epoll_create1(EPOLL_CLOEXEC);
    case 26:
        return eventfd(1, EFD_CLOEXEC);
    case 27:
        return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    case 28:
        return inotify_init1(IN_CLOEXEC);
    case 29:
        return (int)syscall(SYS_pidfd_open, getpid(), 0);
    case 30:
        return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    default:
        return plain(AF_VSOCK, SOCK_STREAM, 0);
    }
}
