/*
 * A bad day for system calls, by LD_PRELOAD: on sockets, receiving and sending fail with EINTR,
 * then with EAGAIN, then succeed twice, and on streams carry one byte; accept4 and connect are
 * interrupted too. After a while (DRIP_CALLS on one descriptor) streams carry what
 * they are given, so that tests which move megabytes come to an end.
 *
 * $SOCKD_DRIP_AGAIN=0 leaves EAGAIN out, for programs that ask without waiting and believe it.
 *
 * An edge-triggered epoll says nothing after an EAGAIN that was none, nor after a call that carried
 * less than it could (epoll(7), "a partial read"): so such descriptors are armed again before the
 * next wait.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { DRIP_FDS = 1 << 16, DRIP_CALLS = 3000 };

/* Twice it goes on: a look at a message and then taking it is one step. */
enum turn { TURN_INTERRUPT, TURN_AGAIN, TURN_GO, TURN_GO_ON, TURNS };

struct state {
    struct epoll_event event;
    int epoll_fd;
    unsigned calls;
    bool ours, watched, rearm;
    unsigned char turn[2]; /* of receiving, of sending */
};

static struct state states[DRIP_FDS];
static int rearm_list[DRIP_FDS];
static size_t rearm_count;

#define REAL(name) real_##name
#define LOAD(name)                       \
    static __typeof__(name) *REAL(name); \
    if (REAL(name) == NULL)              \
    REAL(name) = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static bool without_again(void)
{
    const char *value = getenv("SOCKD_DRIP_AGAIN");
    return value != NULL && *value == '0';
}

static bool is_ours(int fd)
{
    return fd >= 0 && fd < DRIP_FDS && states[fd].ours;
}

/* Only sockets that do not block are touched: those that sockd serves. */
static int own(int fd, int flags)
{
    if (fd >= 0 && fd < DRIP_FDS && flags & SOCK_NONBLOCK)
        states[fd].ours = true;
    return fd;
}

int socket(int domain, int type, int protocol)
{
    LOAD(socket);
    return own(REAL(socket)(domain, type, protocol), type);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
    LOAD(socketpair);
    int result = REAL(socketpair)(domain, type, protocol, fds);
    for (int i = 0; result == 0 && i < 2; i++)
        own(fds[i], type);
    return result;
}

static bool is_stream(int fd)
{
    int type = 0;
    socklen_t length = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

static void rearm_later(int fd)
{
    if (!states[fd].rearm)
        rearm_list[rearm_count++] = fd;
    states[fd].rearm = true;
}

/* What this call does: 0: go on; otherwise it has failed, errno is set. */
static int fail_now(int fd, int direction)
{
    if (!is_ours(fd))
        return 0;
    unsigned char *turn = &states[fd].turn[direction];
    unsigned now = *turn;
    *turn = (unsigned char)((now + 1) % TURNS);
    if (now == TURN_INTERRUPT) {
        errno = EINTR;
        return -1;
    }
    if (now == TURN_AGAIN && !without_again()) {
        rearm_later(fd);
        errno = EAGAIN;
        return -1;
    }
    return 0;
}

static size_t cut(int fd, size_t length)
{
    if (length <= 1 || !is_ours(fd) || states[fd].calls >= DRIP_CALLS || !is_stream(fd))
        return length;
    states[fd].calls++;
    rearm_later(fd);
    return 1;
}

ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict length)
{
    LOAD(recvfrom);
    if (fail_now(fd, 0) < 0)
        return -1;
    return REAL(recvfrom)(fd, data, cut(fd, size), flags, from, length);
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
    return recvfrom(fd, data, size, flags, NULL, NULL);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to,
               socklen_t length)
{
    LOAD(sendto);
    if (fail_now(fd, 1) < 0)
        return -1;
    return REAL(sendto)(fd, data, cut(fd, size), flags, to, length);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    return sendto(fd, data, size, flags, NULL, 0);
}

ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
                       struct sockaddr *from, socklen_t *length);
ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
                       struct sockaddr *from, socklen_t *length)
{
    if (size > room)
        abort();
    return recvfrom(fd, data, size, flags, from, length);
}

ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags);
ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags)
{
    return __recvfrom_chk(fd, data, size, room, flags, NULL, NULL);
}

int accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict length, int flags)
{
    LOAD(accept4);
    return fail_now(fd, 0) < 0 ? -1 : own(REAL(accept4)(fd, from, length, flags), flags);
}

/* To a path it ends at once, or the socket would have to block. */
int connect(int fd, const struct sockaddr *to, socklen_t length)
{
    LOAD(connect);
    static unsigned count;
    if (is_ours(fd) && to->sa_family != AF_UNIX && count++ % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    return REAL(connect)(fd, to, length);
}

int close(int fd)
{
    LOAD(close);
    if (fd >= 0 && fd < DRIP_FDS) {
        bool rearm = states[fd].rearm; /* it is in the list */
        memset(&states[fd], 0, sizeof states[fd]);
        states[fd].rearm = rearm;
    }
    return REAL(close)(fd);
}

int epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event)
{
    LOAD(epoll_ctl);
    int result = REAL(epoll_ctl)(epoll_fd, operation, fd, event);
    if (result == 0 && fd >= 0 && fd < DRIP_FDS && operation != EPOLL_CTL_DEL) {
        states[fd].watched = true;
        states[fd].epoll_fd = epoll_fd;
        states[fd].event = *event;
    }
    return result;
}

static void rearm_all(void)
{
    while (rearm_count > 0) {
        int fd = rearm_list[--rearm_count];
        struct state *state = &states[fd];
        state->rearm = false;
        if (state->watched)
            epoll_ctl(state->epoll_fd, EPOLL_CTL_MOD, fd, &state->event);
    }
}

int epoll_wait(int epoll_fd, struct epoll_event *events, int size, int timeout)
{
    LOAD(epoll_wait);
    rearm_all();
    return REAL(epoll_wait)(epoll_fd, events, size, timeout);
}

int epoll_pwait2(int epoll_fd, struct epoll_event *events, int size, const struct timespec *timeout,
                 const sigset_t *mask)
{
    LOAD(epoll_pwait2);
    rearm_all();
    return REAL(epoll_pwait2)(epoll_fd, events, size, timeout, mask);
}

/* The daemon makes its most frequent calls without the C library's wrappers (daemon/host/direct.c).
 */
long syscall(long number, ...)
{
    typedef long syscall_fn(long number, ...);
    static syscall_fn *real;
    long a[6];
    va_list list;
    if (real == NULL)
        real = (syscall_fn *)dlsym(RTLD_NEXT, "syscall");
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    switch (number) {
    case SYS_recvfrom:
        return recvfrom((int)a[0], (void *)a[1], (size_t)a[2], (int)a[3], (void *)a[4],
                        (socklen_t *)a[5]);
    case SYS_sendto:
        return sendto((int)a[0], (const void *)a[1], (size_t)a[2], (int)a[3], (const void *)a[4],
                      (socklen_t)a[5]);
#ifdef SYS_epoll_wait
    case SYS_epoll_wait:
#endif
    case SYS_epoll_pwait:
        rearm_all();
        break;
    default:
        break;
    }
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
