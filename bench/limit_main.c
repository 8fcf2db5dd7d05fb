/* sockd-bench-limit: the bare epoll servers. The loop that they share; see limit.h. */
#include "limit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256 };

static const struct limit_class *const classes[] = {&limit_echo, &limit_bulk, &limit_lines,
                                                    &limit_once, &limit_rpc};

static const struct limit_class *class;
static int epoll;

static void watch(int operation, int fd, uint32_t events, struct limit_connection *connection)
{
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(epoll, operation, fd, &event) < 0)
        fail(errno, "epoll_ctl");
}

/* ---- connections ---- */

static void connection_new(int fd)
{
    struct limit_connection *connection = allocate(1, sizeof(*connection));
    connection->fd = fd;
    socket_no_delay(fd);
    watch(EPOLL_CTL_ADD, fd, class->pump != NULL ? EPOLLIN | EPOLLOUT | EPOLLET : EPOLLIN,
          connection);
}

static void connection_free(struct limit_connection *connection)
{
    close(connection->fd);
    free(connection->held);
    free(connection->unsent);
    free(connection);
}

static void keep_unsent(struct limit_connection *connection, const uint8_t *bytes, size_t length)
{
    connection->unsent = allocate(1, length);
    connection->unsent_at = 0;
    connection->unsent_length = length;
    memcpy(connection->unsent, bytes, length);
    watch(EPOLL_CTL_MOD, connection->fd, EPOLLOUT, connection);
}

void limit_send(struct limit_connection *connection, const uint8_t *bytes, size_t length)
{
    ssize_t sent = send(connection->fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return; /* the next recv tells */
    if (sent < 0)
        sent = 0;
    if ((size_t)sent < length)
        keep_unsent(connection, bytes + sent, length - (size_t)sent);
}

/* False while there is still something to send. */
static bool flush(struct limit_connection *connection)
{
    ssize_t sent = send(connection->fd, connection->unsent + connection->unsent_at,
                        connection->unsent_length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN)
        return false;
    if (sent > 0) {
        connection->unsent_at += (size_t)sent;
        connection->unsent_length -= (size_t)sent;
    }
    if (sent > 0 && connection->unsent_length > 0)
        return false;
    free(connection->unsent);
    connection->unsent = NULL;
    watch(EPOLL_CTL_MOD, connection->fd, EPOLLIN, connection);
    return true;
}

static void keep_held(struct limit_connection *connection, const uint8_t *bytes, size_t length)
{
    free(connection->held);
    connection->held = length > 0 ? allocate(1, length) : NULL;
    connection->held_length = length;
    if (length > 0)
        memcpy(connection->held, bytes, length);
}

/* One recv and its answers. False at the end of the connection. */
static bool turn(struct limit_connection *connection)
{
    static uint8_t buffer[2 * LIMIT_BUFFER];
    size_t before = connection->held_length;
    if (before > LIMIT_BUFFER)
        return false; /* a message that is too long */
    ssize_t got = recv(connection->fd, buffer + before, LIMIT_BUFFER, 0);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    if (before > 0)
        memcpy(buffer, connection->held, before);
    size_t length = before + (size_t)got;
    size_t used = class->serve(connection, buffer, length);
    if (before > 0 || used < length)
        keep_held(connection, buffer + used, length - used);
    return !connection->closing || connection->unsent != NULL;
}

static void connection_serve(struct limit_connection *connection)
{
    bool lives;
    if (class->pump != NULL)
        lives = class->pump(connection);
    else if (connection->unsent != NULL)
        lives = !flush(connection) || !connection->closing;
    else
        lives = turn(connection);
    if (!lives)
        connection_free(connection);
}

/* ---- the loop ---- */

static void accept_all(int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        connection_new(fd);
}

_Noreturn static void serve(int listener)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL)
                accept_all(listener);
            else
                connection_serve(events[i].data.ptr);
        }
    }
}

int main(int argc, char **argv)
{
    struct endpoint endpoint;
    for (size_t i = 0; argc == 3 && i < sizeof(classes) / sizeof(classes[0]); i++)
        if (strcmp(argv[1], classes[i]->name) == 0)
            class = classes[i];
    if (class == NULL) {
        fputs("usage: sockd-bench-limit echo|bulk|lines|once|rpc ADDRESS\n", stderr);
        return 2;
    }
    endpoint_parse(&endpoint, argv[2]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int listener = endpoint_listen(&endpoint);
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    serve(listener);
}
