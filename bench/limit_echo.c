/* The limit for echo, in messages and in bulk: what comes goes back. */
#include "limit.h"

#include <errno.h>

/* ---- messages ---- */

static size_t serve_echo(struct limit_connection *connection, const uint8_t *in, size_t length)
{
    limit_send(connection, in, length);
    return length;
}

const struct limit_class limit_echo = {.name = "echo", .serve = serve_echo};

enum { BULK_BUFFER = 256 << 10 };

/* ---- bulk: each connection has a buffer of its own, which is sent from where it was filled ----
 */

/* False when nothing more goes out now. */
static bool drain(struct limit_connection *connection)
{
    while (connection->unsent_length > 0) {
        ssize_t sent = send(connection->fd, connection->unsent + connection->unsent_at,
                            connection->unsent_length, MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        connection->unsent_at += (size_t)sent;
        connection->unsent_length -= (size_t)sent;
    }
    return true;
}

static bool pump_bulk(struct limit_connection *connection)
{
    if (connection->unsent == NULL)
        connection->unsent = allocate(1, BULK_BUFFER);
    while (drain(connection)) {
        ssize_t got = recv(connection->fd, connection->unsent, BULK_BUFFER, 0);
        if (got <= 0)
            return got < 0 && errno == EAGAIN;
        connection->unsent_at = 0;
        connection->unsent_length = (size_t)got;
    }
    return errno == EAGAIN;
}

const struct limit_class limit_bulk = {.name = "bulk", .pump = pump_bulk};
