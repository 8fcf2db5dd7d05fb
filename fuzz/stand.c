/* A daemon that cannot be trusted, and a client of it; see stand.h. */
#include "stand.h"

#include "fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int stand_open(struct sockd_client **client)
{
    int fds[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    MUST(sockd_open_fd(fds[0], client) == 0);
    return fds[1];
}

void stand_send(int daemon, const void *data, size_t size, unsigned descriptors)
{
    int fds[STAND_FDS][2];
    struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(STAND_FDS * sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    MUST(descriptors <= STAND_FDS);
    if (descriptors > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
        *CMSG_FIRSTHDR(&message) =
            (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                             .cmsg_type = SCM_RIGHTS,
                             .cmsg_len = CMSG_LEN(descriptors * sizeof(int))};
    }
    for (unsigned i = 0; i < descriptors; i++) {
        MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds[i]) == 0);
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)) + i * sizeof(int), &fds[i][0], sizeof(int));
    }
    (void)!sendmsg(daemon, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    for (unsigned i = 0; i < descriptors; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
}

void stand_end(int daemon)
{
    shutdown(daemon, SHUT_WR);
}

/* ---- reading all of it ---- */

static volatile size_t sum;

void read_bytes(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum += (uint8_t)data[i];
}

void read_value(const struct sockd_value *value, int depth)
{
    const char *data;
    size_t size;
    if (!value)
        return;
    MUST(depth < 64);
    if (sockd_value_data(value, &data, &size))
        read_bytes(data, size);
    for (size_t i = 0; i < sockd_value_count(value) && i < 1000; i++)
        read_value(sockd_value_at(value, i), depth + 1);
    read_value(sockd_value_get(value, "name"), depth + 1);
}

void read_address(const struct sockd_address *address)
{
    read_bytes(address->host, strnlen(address->host, sizeof address->host));
    MUST(memchr(address->host, 0, sizeof address->host));
    MUST(memchr(address->path, 0, sizeof address->path));
    MUST(memchr(address->family, 0, sizeof address->family));
    MUST(memchr(address->type, 0, sizeof address->type));
    MUST(memchr(address->protocol, 0, sizeof address->protocol));
}

void read_taken(const struct sockd_taken *taken)
{
    MUST(taken->fd >= 0);
    read_bytes(taken->data.data, taken->data.size);
    read_address(&taken->address);
    read_address(&taken->peer);
}
