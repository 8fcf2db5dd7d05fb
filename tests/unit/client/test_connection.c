/* The connection: messages in pieces, hostile ones, ends, and that it never waits. */
#include "client/connection.h"

#include "peer.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct connection connection;
static struct message message;

/* A connection whose other end the test holds. */
static int connected(void)
{
    int ends[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    connection = (struct connection){.fd = ends[0]};
    writer_init_heap(&connection.out, 2 * LIMIT_MESSAGE);
    scan_init(&connection.scan, &scan_default_limits);
    return ends[1];
}

static int disconnect(int fd)
{
    connection_close(&connection);
    return close(fd);
}

Test(connection, a_message_byte_by_byte)
{
    static const char answer[] = "\x94\x01\x07\xc0\xa4pong";
    int fd = connected();

    for (size_t i = 0; i < sizeof answer - 1; i++) {
        cr_assert_eq(connection_next(&connection, &message), 0);
        cr_assert_eq(connection_fill(&connection), 0, "nothing is there");
        peer_send(fd, answer + i, 1);
        cr_assert_eq(connection_fill(&connection), 1);
    }
    cr_assert_eq(connection_next(&connection, &message), 1);
    cr_assert_eq(message.msgid, 7);
    cr_assert_eq(connection_next(&connection, &message), 0);
    disconnect(fd);
}

Test(connection, several_messages_at_once)
{
    int fd = connected();

    peer_send(fd, "\x94\x01\x01\xc0\x01\x94\x01\x02\xc0\x02\x94", 11);
    cr_assert_eq(connection_fill(&connection), 1);
    cr_assert_eq(connection_next(&connection, &message), 1);
    cr_assert_eq(message.msgid, 1);
    cr_assert_eq(connection_next(&connection, &message), 1);
    cr_assert_eq(message.msgid, 2);
    cr_assert_eq(connection_next(&connection, &message), 0);
    connection_trim(&connection);
    peer_send(fd, "\x01\x03\xc0\x03", 4);
    cr_assert_eq(connection_fill(&connection), 1);
    cr_assert_eq(connection_next(&connection, &message), 1);
    cr_assert_eq(message.msgid, 3);
    disconnect(fd);
}

Test(connection, what_is_no_message)
{
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {{"\xc1", 1}, {"HTTP/1.1", 8}, {"\xdd\x10\0\0\0", 5}, {"\x94\x09\x01\xc0\xc0", 5}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int fd = connected();
        peer_send(fd, bad[i].bytes, bad[i].size);
        cr_assert_eq(connection_fill(&connection), 1);
        cr_assert_eq(connection_next(&connection, &message), -EBADMSG, "%zu", i);
        cr_assert_not_null(message.reason);
        disconnect(fd);
    }
}

Test(connection, the_end)
{
    int fd = connected();

    shutdown(fd, SHUT_RDWR);
    cr_assert_eq(connection_fill(&connection), -ECONNRESET);
    disconnect(fd);
}

Test(connection, output_waits_its_turn)
{
    int fd = connected();
    static char data[1 << 20];

    cr_assert_not(connection_has_output(&connection));
    writer_bin(&connection.out, data, sizeof data);
    cr_assert(connection_has_output(&connection));
    size_t size = connection.out.size, got = 0;
    while (got < size) {
        char room[1 << 16];
        cr_assert_eq(connection_flush(&connection), 0);
        ssize_t count = recv(fd, room, sizeof room, 0);
        cr_assert_gt(count, 0);
        got += (size_t)count;
    }
    cr_assert_eq(connection_flush(&connection), 0);
    cr_assert_not(connection_has_output(&connection));
    cr_assert_null(connection.out.data, "the memory of a large message is given back");
    disconnect(fd);
}

/* The daemon's complaint must be read although sending to it fails. */
Test(connection, last_words_are_heard)
{
    int fd = connected();

    peer_send(fd, "\x94\x01\xc0\xa1x\xc0", 6);
    shutdown(fd, SHUT_RD);
    writer_nil(&connection.out);
    cr_assert_eq(connection_flush(&connection), 0);
    cr_assert(connection.deaf);
    cr_assert_not(connection_has_output(&connection));
    cr_assert_eq(connection_fill(&connection), 1);
    cr_assert_eq(connection_next(&connection, &message), 1);
    cr_assert_not(message.has_msgid);
    disconnect(fd);
}

static void send_descriptor(int fd)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
                            .cmsg_level = SOL_SOCKET,
                            .cmsg_type = SCM_RIGHTS}};
    char answer[] = "\x94\x01\x01\xc0\xc0";
    struct iovec bytes = {answer, sizeof answer - 1};
    struct msghdr header = {.msg_iov = &bytes,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control};

    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    cr_assert_eq(sendmsg(fd, &header, 0), 5);
}

static int lowest_free(void)
{
    int fd = dup(0);

    close(fd);
    return fd;
}

Test(connection, descriptors_sent_along_are_not_kept)
{
    int fd = connected();
    int before = lowest_free();

    send_descriptor(fd);
    cr_assert_eq(connection_fill(&connection), 1);
    cr_assert_eq(connection_next(&connection, &message), 1);
    cr_assert_eq(lowest_free(), before);
    disconnect(fd);
}

Test(connection, a_large_message_and_its_memory)
{
    int fd = connected();
    struct writer writer;
    static char data[300000];

    writer_init_heap(&writer, SIZE_MAX);
    message_put_answer(&writer, 1);
    writer_bin(&writer, data, sizeof data);
    size_t sent = 0;
    while (connection_next(&connection, &message) == 0) {
        size_t piece = writer.size - sent < 50000 ? writer.size - sent : 50000;
        peer_send(fd, writer.data + sent, piece);
        sent += piece;
        cr_assert_eq(connection_fill(&connection), 1);
    }
    cr_assert_eq(view_left(&message.result), sizeof data + 5);
    connection_trim(&connection);
    cr_assert_null(connection.in);
    writer_free_heap(&writer);
    disconnect(fd);
}

Test(connection, opening)
{
    struct peer peer;
    struct peer_reply reply = PEER_REPLY("\xc0");
    char longest[300];

    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = 0;
    cr_assert_eq(connection_open(&connection, longest), -ENAMETOOLONG);
    cr_assert_eq(connection_open(&connection, ""), -ENOENT);
    cr_assert_eq(connection_open(&connection, "/nowhere/at/all"), -ENOENT);
    peer_start(&peer, 1, peer_reply, &reply);
    cr_assert_eq(connection_open(&connection, peer.path), 0);
    connection_close(&connection);
    peer_stop(&peer);
    struct rlimit old, none;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){0, old.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    int result = connection_open(&connection, "/nowhere");
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
    cr_assert_eq(result, -EMFILE);
}
