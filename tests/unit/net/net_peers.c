/*
 * Real sockets, one end of which belongs to the test. See net_peers.h.
 */
#include "net_peers.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define PATIENCE_MS 30000

/* ---- pairs ---- */

static void open_tcp(int ends[2])
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(listener, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(listen(listener, 1), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&at, &length), 0);
    ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(ends[1], (struct sockaddr *)&at, sizeof at), 0);
    ends[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    cr_assert_geq(ends[0], 0);
    int on = 1; /* what a test says in pieces shall arrive in pieces */
    cr_assert_eq(setsockopt(ends[1], IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof on), 0);
    close(listener);
}

static void open_unix(int ends[2], int type)
{
    cr_assert_eq(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
}

void pair_open(struct pair *pair, enum pair_kind kind)
{
    int ends[2];
    if (kind == PAIR_TCP)
        open_tcp(ends);
    else
        open_unix(ends, kind == PAIR_UNIX    ? SOCK_STREAM
                        : kind == PAIR_DGRAM ? SOCK_DGRAM
                                             : SOCK_SEQPACKET);
    cr_assert_eq(sock_adopt(net, ends[0], 0, &pair->sock), 0);
    pair->peer = ends[1];
    int on = 1;
    cr_assert_eq(ioctl(pair->peer, FIONBIO, &on), 0);
}

void pair_close(struct pair *pair)
{
    pair_hang_up(pair);
    sock_unref(pair->sock);
    pair->sock = NULL;
}

void pair_hang_up(struct pair *pair)
{
    if (pair->peer >= 0)
        close(pair->peer);
    pair->peer = -1;
}

void pair_reset(struct pair *pair)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    cr_assert_eq(setsockopt(pair->peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    pair_hang_up(pair);
}

void pair_squeeze(struct pair *pair)
{
    int least = 1; /* the kernel makes it its minimum */
    int fds[] = {sock_fd(pair->sock), pair->peer};
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &least, sizeof least), 0);
        cr_assert_eq(setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &least, sizeof least), 0);
    }
}

/* ---- talk ---- */

static int unread_bytes(int fd)
{
    int count = 0;
    cr_assert_eq(ioctl(fd, FIONREAD, &count), 0);
    return count;
}

void pair_say(struct pair *pair, const void *data, size_t length)
{
    /* of messages the kernel only tells the length of the first; they are there at once */
    int fd = sock_is_stream(pair->sock) ? sock_fd(pair->sock) : -1;
    int before = fd >= 0 ? unread_bytes(fd) : 0;
    cr_assert_eq(send(pair->peer, data, length, MSG_NOSIGNAL), (ssize_t)length);
    /* over loopback they are there as good as at once; a poll that is satisfied by the first of
     * them does not do when there are others already */
    while (fd >= 0 && length > 0 && unread_bytes(fd) <= before) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        cr_assert_eq(poll(&ready, 1, PATIENCE_MS), 1);
    }
}

void pair_say_text(struct pair *pair, const char *text)
{
    pair_say(pair, text, strlen(text));
}

struct hearing {
    struct pair *pair;
    uint8_t *heard;
    size_t length, wanted;
};

static bool has_heard(void *context)
{
    struct hearing *hearing = context;
    while (hearing->length < hearing->wanted) {
        ssize_t got = recv(hearing->pair->peer, hearing->heard + hearing->length,
                           hearing->wanted - hearing->length, 0);
        if (got < 0 && errno == EAGAIN)
            return false;
        cr_assert_gt(got, 0, "the stream ended early");
        hearing->length += (size_t)got;
    }
    return true;
}

void pair_hear(struct pair *pair, const void *expected, size_t length)
{
    struct hearing hearing = {.pair = pair, .heard = fixture_memory(length + 1), .wanted = length};
    fixture_run_until(has_heard, &hearing);
    cr_assert_eq(memcmp(hearing.heard, expected, length), 0, "other bytes than were sent");
}

ssize_t pair_peek(struct pair *pair, void *data, size_t size)
{
    ssize_t got = recv(pair->peer, data, size, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 ? -errno : got;
}

/* ---- listeners ---- */

struct sock *fixture_listener(struct address *at)
{
    struct sock *listener;
    cr_assert_eq(address_parse(at, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(sock_new_listener(net, at, 0, 0, &listener), 0);
    cr_assert_eq(sock_name(listener, at), 0);
    return listener;
}

int fixture_dial(const struct address *to)
{
    int fd = socket(to->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    cr_assert_geq(fd, 0);
    int result = connect(fd, &to->any, to->length);
    cr_assert(result == 0 || errno == EINPROGRESS, "%s", strerror(errno));
    return fd;
}

int fixture_dead_port(struct address *at, char text[16])
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(address_parse(at, AF_INET, "127.0.0.1", "0"), 0);
    cr_assert_eq(bind(fd, &at->any, at->length), 0); /* and never listens */
    cr_assert_eq(getsockname(fd, &at->any, &at->length), 0);
    snprintf(text, 16, "%d", ntohs(at->in.sin_port));
    return fd;
}
