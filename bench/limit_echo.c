/* The limit for echo, in messages and in bulk: what comes goes back. */
#include "limit.h"

static size_t serve_echo(struct limit_connection *connection, const uint8_t *in, size_t length)
{
    limit_send(connection, in, length);
    return length;
}

const struct limit_class limit_echo = {.name = "echo", .serve = serve_echo};
const struct limit_class limit_bulk = {.name = "bulk", .full = true, .serve = serve_echo};
