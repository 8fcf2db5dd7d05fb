/*
 * The connection to the daemon. See connection.h.
 *
 * Every call says MSG_DONTWAIT: only connect(2) may wait. poll(2) does not tell when the daemon's
 * queue of connections has room again, so without waiting there is only trying once more.
 */
#include "client/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    CONNECT_SECONDS = 5,   /* how long a daemon may take to accept */
    ROOM_LEAST = 16384,    /* bytes of room for one receive */
    ROOM_KEPT = 64 * 1024, /* more than this is given back after use */
    /* The most that waits to be sent: what the asynchronous half queues up (CALL_QUEUE_MOST and one
     * message more), one blocking call, and cancellations. */
    OUTPUT_MOST = 4 * LIMIT_MESSAGE,
};

static int set_address(struct sockaddr_un *address, const char *path)
{
    size_t size = strlen(path);

    if (size == 0 || size >= sizeof address->sun_path)
        return size ? -ENAMETOOLONG : -ENOENT;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, size + 1);
    return 0;
}

/* The send timeout is what bounds the connect(2) of a unix socket. */
static int limit_connect(int fd)
{
    const struct timeval limit = {.tv_sec = CONNECT_SECONDS};

    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ? -errno : 0;
}

int connection_retry(struct connection *connection, const char *path)
{
    struct sockaddr_un address;
    int error = set_address(&address, path);

    while (!error && connect(connection->fd, (const struct sockaddr *)&address, sizeof address) < 0)
        error = errno == EINTR ? 0 : -errno;
    if (!error)
        connection->connecting = false;
    return error;
}

void connection_adopt(struct connection *connection, int fd)
{
    *connection = (struct connection){.fd = fd};
    writer_init_heap(&connection->out, OUTPUT_MOST);
    scan_init(&connection->scan, &scan_default_limits);
}

/* A socket that is not connected yet. */
static int prepare_socket(struct connection *connection, int flags)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

    if (fd < 0)
        return -errno;
    int raised = descriptors_raise(fd);
    if (raised < 0) {
        close(fd);
        return raised;
    }
    connection_adopt(connection, raised);
    connection->connecting = true;
    return 0;
}

int connection_open(struct connection *connection, const char *path)
{
    int error = prepare_socket(connection, 0);

    if (error)
        return error;
    error = limit_connect(connection->fd);
    if (!error)
        error = connection_retry(connection, path);
    if (error)
        connection_close(connection);
    return error == -EAGAIN ? -ETIMEDOUT : error;
}

int connection_begin(struct connection *connection, const char *path)
{
    int error = prepare_socket(connection, SOCK_NONBLOCK);

    if (error)
        return error;
    error = connection_retry(connection, path);
    if (!error || error == -EAGAIN)
        return 0;
    connection_close(connection);
    return error;
}

void connection_shutdown(struct connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
    descriptors_drop_in(&connection->fds_in);
    descriptors_cut(&connection->fds_out, 0);
    connection->fds_in.wanted = 0;
}

void connection_close(struct connection *connection)
{
    if (connection->fd >= 0) {
        connection_shutdown(connection);
        close(connection->fd);
    }
    connection->fd = -1;
    writer_free_heap(&connection->out);
    free(connection->in);
    connection->in = NULL;
    connection->begin = connection->end = connection->capacity = 0;
}

bool connection_has_output(const struct connection *connection)
{
    return connection->sent < connection->out.size;
}

static void drop_output(struct connection *connection)
{
    connection->sent = 0;
    descriptors_cut(&connection->fds_out, 0);
    writer_rewind(&connection->out, 0);
    if (connection->out.capacity > ROOM_KEPT)
        writer_free_heap(&connection->out);
}

/* Forgets what has been sent, when that is most of it: a queue that is never empty must not grow.
 */
static void compact_output(struct connection *connection)
{
    struct writer *out = &connection->out;
    size_t left = out->size - connection->sent;

    if (connection->sent < left)
        return;
    memmove(out->data, out->data + connection->sent, left);
    writer_rewind(out, left);
    descriptors_shift(&connection->fds_out, connection->sent);
    connection->sent = 0;
}

static ssize_t send_some(struct connection *connection)
{
    const struct descriptors_out *fds = &connection->fds_out;
    size_t left = connection->out.size - connection->sent;
    struct iovec bytes = {
        .iov_base = connection->out.data + connection->sent,
        .iov_len = descriptors_limit(fds, connection->sent, left),
    };
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    union descriptors_room room;

    descriptors_put(fds, connection->sent, &message, &room);
    return sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int connection_flush(struct connection *connection)
{
    while (connection_has_output(connection) && !connection->deaf) {
        ssize_t count = send_some(connection);
        if (count >= 0) {
            connection->sent += (size_t)count;
            descriptors_sent(&connection->fds_out, connection->sent);
        } else if (errno == EAGAIN) {
            compact_output(connection);
            return 0;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            connection->deaf = true;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    drop_output(connection);
    return 0;
}

/* Moves what is there to the front of memory with room for at least that many bytes. */
static int make_room(struct connection *connection, size_t capacity)
{
    size_t size = connection->end - connection->begin;

    if (size > 0)
        memmove(connection->in, connection->in + connection->begin, size);
    connection->begin = 0;
    connection->end = size;
    if (capacity <= connection->capacity)
        return 0;
    uint8_t *in = realloc(connection->in, capacity);
    if (!in)
        return -ENOMEM;
    connection->in = in;
    connection->capacity = capacity;
    return 0;
}

/* Sees to it that the message that has begun fits whole, and that a receive is worth its call. */
static int prepare(struct connection *connection)
{
    size_t size = connection->end - connection->begin;
    size_t wanted = connection->scan.need > size ? connection->scan.need : size;

    if (wanted < size + ROOM_LEAST)
        wanted = size + ROOM_LEAST;
    if (connection->capacity - connection->begin >= wanted)
        return 0;
    return make_room(connection, wanted);
}

int connection_fill(struct connection *connection)
{
    int error = prepare(connection);
    if (error)
        return error;

    struct iovec room = {
        .iov_base = connection->in + connection->end,
        .iov_len = connection->capacity - connection->end,
    };
    struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1};
    union descriptors_room fds;
    descriptors_prepare(&connection->fds_in, &message, &fds);
    ssize_t count = recvmsg(connection->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count > 0) {
        descriptors_receive(&connection->fds_in, &message);
        connection->end += (size_t)count;
        return 1;
    }
    if (count == 0)
        return -ECONNRESET;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

int connection_next(struct connection *connection, struct message *message)
{
    size_t size = connection->end - connection->begin;

    if (size == 0)
        return 0;
    const uint8_t *start = connection->in + connection->begin;
    switch (scan_step(&connection->scan, start, size)) {
    case SCAN_MORE:
        return 0;
    case SCAN_BAD:
        message->reason = connection->scan.reason;
        return -EBADMSG;
    case SCAN_WHOLE:
        break;
    }
    int error = message_parse(message, start, connection->scan.size);
    connection->begin += connection->scan.size;
    scan_init(&connection->scan, &scan_default_limits);
    return error ? error : 1;
}

void connection_expect_fd(struct connection *connection)
{
    connection->fds_in.wanted++;
}

int connection_claim_fd(struct connection *connection, bool came)
{
    struct descriptors_in *fds = &connection->fds_in;
    int fd = came ? descriptors_pop(fds) : -1;

    if (--fds->wanted == 0)
        descriptors_drop_in(fds);
    return fd;
}

int connection_attach_fd(struct connection *connection, size_t offset, int fd)
{
    return descriptors_append(&connection->fds_out, offset, fd);
}

void connection_trim(struct connection *connection)
{
    if (connection->begin < connection->end)
        return;
    connection->begin = connection->end = 0;
    if (connection->capacity > ROOM_KEPT) {
        free(connection->in);
        connection->in = NULL;
        connection->capacity = 0;
    }
}
