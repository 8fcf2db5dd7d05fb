/*
 * Descriptors on their way. See descriptors.h.
 */
#include "client/descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A copy above the standard descriptors. */
static int duplicate(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    return copy < 0 ? -errno : copy;
}

int descriptors_raise(int fd)
{
    if (fd > STDERR_FILENO)
        return fd;
    int raised = duplicate(fd);
    if (raised >= 0)
        close(fd);
    return raised;
}

void descriptors_prepare(const struct descriptors_in *in, struct msghdr *message,
                         union descriptors_room *room)
{
    if (in->wanted == 0)
        return;
    message->msg_control = room;
    message->msg_controllen = sizeof *room;
}

static void keep(struct descriptors_in *in, int fd)
{
    bool room = in->count < in->wanted && in->count < DESCRIPTORS_MOST;
    int raised = room ? descriptors_raise(fd) : -1;

    if (raised >= 0)
        in->fds[in->count++] = raised;
    else
        close(fd);
}

void descriptors_receive(struct descriptors_in *in, struct msghdr *message)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);

    for (; header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            keep(in, fd);
        }
    }
}

int descriptors_pop(struct descriptors_in *in)
{
    if (in->count == 0)
        return -1;
    int fd = in->fds[0];
    in->count--;
    memmove(in->fds, in->fds + 1, in->count * sizeof fd);
    return fd;
}

void descriptors_drop_in(struct descriptors_in *in)
{
    while (in->count > 0)
        close(in->fds[--in->count]);
}

int descriptors_append(struct descriptors_out *out, size_t offset, int fd)
{
    if (out->count == DESCRIPTORS_MOST)
        return -EAGAIN;
    int copy = duplicate(fd);
    if (copy < 0)
        return copy;
    out->queue[out->count].offset = offset;
    out->queue[out->count].fd = copy;
    out->count++;
    return 0;
}

size_t descriptors_limit(const struct descriptors_out *out, size_t offset, size_t size)
{
    for (unsigned i = 0; i < out->count; i++) {
        size_t at = out->queue[i].offset;
        if (at > offset && at - offset < size)
            return at - offset;
    }
    return size;
}

void descriptors_put(const struct descriptors_out *out, size_t offset, struct msghdr *message,
                     union descriptors_room *room)
{
    const int *fd = &out->queue[0].fd;

    if (out->count == 0 || out->queue[0].offset != offset)
        return;
    message->msg_control = room;
    message->msg_controllen = CMSG_SPACE(sizeof *fd);
    memset(room, 0, sizeof *room);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    *header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof *fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), fd, sizeof *fd);
}

static void drop_first(struct descriptors_out *out)
{
    close(out->queue[0].fd);
    out->count--;
    memmove(out->queue, out->queue + 1, out->count * sizeof out->queue[0]);
}

void descriptors_sent(struct descriptors_out *out, size_t offset)
{
    while (out->count > 0 && out->queue[0].offset < offset)
        drop_first(out);
}

void descriptors_shift(struct descriptors_out *out, size_t by)
{
    for (unsigned i = 0; i < out->count; i++)
        out->queue[i].offset -= by;
}

void descriptors_cut(struct descriptors_out *out, size_t offset)
{
    while (out->count > 0 && out->queue[out->count - 1].offset >= offset)
        close(out->queue[--out->count].fd);
}
