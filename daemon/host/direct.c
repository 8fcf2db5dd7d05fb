/*
 * The system calls of every request, in place of the C library's in this program.
 *
 * The C library's are points where pthread_cancel(3) takes effect. As soon as there is a second
 * thread, such as the watchman's (loop/guard.h), they prepare for that: some fifty instructions a
 * call, four calls an echo, five percent of all that an echo takes outside the kernel
 * (bench/instructions.sh). We cancel no thread.
 *
 * Left out of builds with sanitizers, which look at what the calls are given. Tests of the layers
 * do not link it.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t recv(int fd, void *data, size_t size, int flags)
{
    return syscall(SYS_recvfrom, fd, data, size, flags, NULL, NULL);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
    return syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    return syscall(SYS_recvmsg, fd, message, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return syscall(SYS_sendmsg, fd, message, flags);
}

/* libevent calls it, too. */
int epoll_wait(int fd, struct epoll_event *events, int most, int milliseconds)
{
#ifdef SYS_epoll_wait
    return (int)syscall(SYS_epoll_wait, fd, events, most, milliseconds);
#else
    return (int)syscall(SYS_epoll_pwait, fd, events, most, milliseconds, NULL, 0);
#endif
}
