/* The limit for lines: each is found and copied into the answer, and all that came go out at once.
 */
#include "limit.h"

#include <string.h>

static uint8_t answer[2 * LIMIT_BUFFER];

static size_t serve_lines(struct limit_connection *connection, const uint8_t *in, size_t length)
{
    size_t used = 0;
    const uint8_t *newline;
    while ((newline = memchr(in + used, '\n', length - used)) != NULL) {
        size_t line = (size_t)(newline - (in + used)) + 1;
        memcpy(answer + used, in + used, line);
        used += line;
    }
    if (used > 0)
        limit_send(connection, answer, used);
    return used;
}

/* One line, and the connection is over. */
static size_t serve_once(struct limit_connection *connection, const uint8_t *in, size_t length)
{
    const uint8_t *newline = memchr(in, '\n', length);
    if (newline == NULL)
        return 0;
    limit_send(connection, in, (size_t)(newline - in) + 1);
    connection->closing = true;
    return length;
}

const struct limit_class limit_lines = {.name = "lines", .serve = serve_lines};
const struct limit_class limit_once = {.name = "once", .serve = serve_once};
