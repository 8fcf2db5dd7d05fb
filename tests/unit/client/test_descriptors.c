/* Descriptors on their way: through a pair of sockets, in order, and none is left open. */
#include "client/descriptors.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int pair[2];
static int lowest; /* the descriptor that open(2) would give */

static int next_fd(void)
{
    int fd = fcntl(0, F_DUPFD, 0);

    close(fd);
    return fd;
}

static void start(void)
{
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    lowest = next_fd();
}

static void stop(void)
{
    cr_assert_eq(next_fd(), lowest, "a descriptor was left open");
    close(pair[0]);
    close(pair[1]);
}

TestSuite(descriptors, .init = start, .fini = stop);

static ino_t inode(int fd)
{
    struct stat status;

    cr_assert_eq(fstat(fd, &status), 0);
    return status.st_ino;
}

/* Sends one byte with what waits for that offset. */
static void send_at(struct descriptors_out *out, size_t offset)
{
    struct iovec byte = {.iov_base = (char[]){'x'}, .iov_len = 1};
    struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1};
    union descriptors_room room;

    descriptors_put(out, offset, &message, &room);
    cr_assert_eq(sendmsg(pair[0], &message, 0), 1);
    descriptors_sent(out, offset + 1);
}

static void receive(struct descriptors_in *in)
{
    char byte;
    struct iovec room = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1};
    union descriptors_room fds;

    descriptors_prepare(in, &message, &fds);
    cr_assert_eq(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC), 1);
    descriptors_receive(in, &message);
}

Test(descriptors, each_goes_with_its_byte)
{
    struct descriptors_out out = {.count = 0};
    struct descriptors_in in = {.wanted = 2};

    cr_assert_eq(descriptors_append(&out, 3, pair[0]), 0);
    cr_assert_eq(descriptors_append(&out, 10, pair[1]), 0);
    cr_assert_eq(descriptors_limit(&out, 0, 100), 3);
    cr_assert_eq(descriptors_limit(&out, 3, 100), 7);
    cr_assert_eq(descriptors_limit(&out, 3, 5), 5);
    cr_assert_eq(descriptors_limit(&out, 10, 100), 100);
    send_at(&out, 2);
    receive(&in);
    cr_assert(in.count == 0 && out.count == 2);
    descriptors_shift(&out, 3);
    send_at(&out, 0);
    send_at(&out, 7);
    cr_assert_eq(out.count, 0);
    receive(&in);
    receive(&in);
    cr_assert_eq(in.count, 2);
    for (int i = 0; i < 2; i++) {
        int fd = descriptors_pop(&in);
        cr_assert_eq(inode(fd), inode(pair[i]));
        cr_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
    }
    cr_assert_eq(descriptors_pop(&in), -1);
}

Test(descriptors, what_nobody_wants_is_closed)
{
    struct descriptors_out out = {.count = 0};
    struct descriptors_in in = {.wanted = 0};

    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(descriptors_append(&out, i, pair[0]), 0);
    for (size_t i = 0; i < 3; i++) {
        send_at(&out, i);
        in.wanted = i > 0;
        receive(&in);
    }
    cr_assert_eq(in.count, 1);
    descriptors_drop_in(&in);
}

Test(descriptors, several_at_once)
{
    int fds[] = {pair[0], pair[1], pair[0]};
    char byte = 'x', control[CMSG_SPACE(sizeof fds)] = {0};
    struct iovec bytes = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    struct descriptors_in in = {.wanted = 2};

    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof fds), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), fds, sizeof fds);
    cr_assert_eq(sendmsg(pair[0], &message, 0), 1);
    receive(&in);
    cr_assert_eq(in.count, 2);
    descriptors_drop_in(&in);
}

Test(descriptors, what_is_taken_back_is_closed)
{
    struct descriptors_out out = {.count = 0};

    cr_assert_eq(descriptors_append(&out, 0, -1), -EBADF);
    for (size_t i = 0; i < DESCRIPTORS_MOST; i++)
        cr_assert_eq(descriptors_append(&out, i, pair[0]), 0);
    cr_assert_eq(descriptors_append(&out, 99, pair[0]), -EAGAIN);
    descriptors_cut(&out, 5);
    cr_assert_eq(out.count, 5);
    descriptors_cut(&out, 0);
}

/* In a process without standard input the next descriptor would be 0. */
Test(descriptors, what_came_as_a_standard_descriptor_moves_above_them)
{
    int keep = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    int fd = open("/dev/null", O_RDONLY);
    ino_t expected = inode(fd);
    cr_assert_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    int raised = descriptors_raise(STDIN_FILENO);
    cr_assert_gt(raised, STDERR_FILENO);
    cr_assert_eq(inode(raised), expected);
    cr_assert_eq(fcntl(raised, F_GETFD), FD_CLOEXEC);
    cr_assert_eq(fcntl(STDIN_FILENO, F_GETFD), -1, "it is still open as 0");
    cr_assert_eq(descriptors_raise(raised), raised, "one above them stays where it is");
    close(raised);
    cr_assert_eq(descriptors_raise(STDIN_FILENO), -EBADF);
    if (keep >= 0) {
        cr_assert_eq(dup2(keep, STDIN_FILENO), STDIN_FILENO);
        close(keep);
    }
}
