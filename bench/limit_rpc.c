/*
 * The limit for RPC: reads as much MessagePack as the requests of the generator consist of, without
 * checks, and answers all that came with one send. Methods are told by their first letter:
 * sockd.ping, socketpair, send, read. A handle is a descriptor.
 */
#include "limit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What is read, and whether it was all there. */
struct cursor {
    const uint8_t *at, *end;
    bool short_of;
};

static const uint8_t *take(struct cursor *cursor, size_t length)
{
    const uint8_t *bytes = cursor->at;
    if ((size_t)(cursor->end - bytes) < length) {
        cursor->short_of = true;
        return NULL;
    }
    cursor->at += length;
    return bytes;
}

static uint32_t take_number(struct cursor *cursor)
{
    uint32_t value = 0;
    const uint8_t *first = take(cursor, 1);
    if (first == NULL || *first < 0x80)
        return first != NULL ? *first : 0;
    size_t length = 1u << (*first & 3); /* 0xcc to 0xcf */
    const uint8_t *bytes = take(cursor, length);
    for (size_t i = 0; bytes != NULL && i < length; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* A fixstr, or a bin of less than 256 bytes. */
static const uint8_t *take_bytes(struct cursor *cursor, size_t *length)
{
    const uint8_t *first = take(cursor, 1);
    *length = 0;
    if (first != NULL && *first == 0xc4)
        first = take(cursor, 1);
    if (first == NULL)
        return NULL;
    *length = (*first & 0xe0) == 0xa0 ? *first & 0x1f : *first;
    return take(cursor, *length);
}

static size_t put_number(uint8_t *out, uint32_t value)
{
    if (value < 0x80) {
        out[0] = (uint8_t)value;
        return 1;
    }
    out[0] = 0xce;
    for (int i = 0; i < 4; i++)
        out[1 + i] = (uint8_t)(value >> (24 - 8 * i));
    return 5;
}

/* ---- methods: take the parameters, put the result; its length ---- */

static size_t do_pair(struct cursor *cursor, uint8_t *out)
{
    int fds[2];
    size_t length;
    (void)take_bytes(cursor, &length);
    (void)take_bytes(cursor, &length);
    (void)take_number(cursor);
    if (cursor->short_of)
        return 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
        fail(errno, "socketpair");
    out[0] = 0x92;
    length = 1 + put_number(out + 1, (uint32_t)fds[0]);
    return length + put_number(out + length, (uint32_t)fds[1]);
}

static size_t do_send(struct cursor *cursor, uint8_t *out)
{
    size_t length;
    int fd = (int)take_number(cursor);
    const uint8_t *bytes = take_bytes(cursor, &length);
    if (bytes == NULL)
        return 0;
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    return put_number(out, (uint32_t)sent);
}

static size_t do_read(struct cursor *cursor, uint8_t *out)
{
    int fd = (int)take_number(cursor);
    uint32_t length = take_number(cursor);
    if (cursor->short_of)
        return 0;
    ssize_t got = recv(fd, out + 2, length, 0);
    out[0] = 0xc4;
    out[1] = (uint8_t)got;
    return 2 + (size_t)got;
}

static size_t do_ping(uint8_t *out)
{
    memcpy(out, "\xa4pong", 5);
    return 5;
}

/* ---- requests ---- */

/* One request. The length of its answer, 0 if it is not complete. */
static size_t answer_one(struct cursor *cursor, uint8_t *out)
{
    size_t name_length;
    (void)take(cursor, 2); /* [0, … */
    uint32_t id = take_number(cursor);
    const uint8_t *name = take_bytes(cursor, &name_length);
    (void)take(cursor, 1); /* the number of parameters */
    if (cursor->short_of || name == NULL)
        return 0;
    out[0] = 0x94;
    out[1] = 0x01;
    size_t head = 2 + put_number(out + 2, id);
    out[head++] = 0xc0;
    size_t result = 0;
    if (name_length == 10 && memcmp(name, "socketpair", 10) == 0)
        result = do_pair(cursor, out + head);
    else if (name_length == 10)
        result = do_ping(out + head);
    else if (*name == 's')
        result = do_send(cursor, out + head);
    else
        result = do_read(cursor, out + head);
    return result > 0 ? head + result : 0;
}

/* A request of the generator is longer than a sixth of its answer, whichever it is. */
static uint8_t answers[6 * 2 * LIMIT_BUFFER];

static size_t serve_rpc(struct limit_connection *connection, const uint8_t *in, size_t length)
{
    size_t used = 0, filled = 0;
    while (used < length) {
        struct cursor cursor = {.at = in + used, .end = in + length};
        size_t answered = answer_one(&cursor, answers + filled);
        if (answered == 0)
            break;
        filled += answered;
        used = (size_t)(cursor.at - in);
    }
    if (filled > 0)
        limit_send(connection, answers, filled);
    return used;
}

const struct limit_class limit_rpc = {.name = "rpc", .serve = serve_rpc};
