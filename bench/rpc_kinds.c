/* See rpc_kinds.h. */
#include "rpc_kinds.h"

#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define PAYLOAD "the sixty-four bytes that a request of the benchmark carries...."

enum { PAYLOAD_LENGTH = sizeof(PAYLOAD) - 1 };
_Static_assert(PAYLOAD_LENGTH == 64, "the rows of the table say 64 bytes");

/* ---- MessagePack ---- */

static uint8_t *put(uint8_t *out, const void *bytes, size_t length)
{
    memcpy(out, bytes, length);
    return out + length;
}

/* A number in its 32-bit form, so that all requests have the same length. */
static uint8_t *put_u32(uint8_t *out, uint32_t value)
{
    const uint8_t bytes[] = {0xce, (uint8_t)(value >> 24), (uint8_t)(value >> 16),
                             (uint8_t)(value >> 8), (uint8_t)value};
    return put(out, bytes, sizeof(bytes));
}

static uint8_t *put_text(uint8_t *out, const char *text)
{
    size_t length = strlen(text); /* below 32: a fixstr */
    *out++ = (uint8_t)(0xa0 | length);
    return put(out, text, length);
}

/* Any form of a number that is not negative. Its length, 0 if it is not complete, -1 if it is none.
 */
static ssize_t take_number(const uint8_t *in, size_t length, uint64_t *value)
{
    if (length == 0)
        return 0;
    if (in[0] < 0x80) {
        *value = in[0];
        return 1;
    }
    if (in[0] < 0xcc || in[0] > 0xcf)
        return -1;
    size_t bytes = 1u << (in[0] - 0xcc);
    if (length <= bytes)
        return 0;
    *value = 0;
    for (size_t i = 1; i <= bytes; i++)
        *value = *value << 8 | in[i];
    return (ssize_t)bytes + 1;
}

/* Are these bytes what must come? Their length, 0 if they are a part of it, -1 if not. */
static ssize_t match(const uint8_t *in, size_t length, const void *expected, size_t size)
{
    if (memcmp(in, expected, length < size ? length : size) != 0)
        return -1;
    return length < size ? 0 : (ssize_t)size;
}

/* ---- MessagePack-RPC ---- */

static uint8_t *put_call(uint8_t *out, uint32_t id, const char *method, unsigned parameters)
{
    static const uint8_t request[] = {0x94, 0x00};
    out = put(out, request, sizeof(request));
    out = put_u32(out, id);
    out = put_text(out, method);
    *out++ = (uint8_t)(0x90 | parameters);
    return out;
}

/* [1, id, nil, result] with the bytes of the result as expected. */
static ssize_t match_result(const uint8_t *in, size_t length, uint32_t *id, const void *result,
                            size_t size)
{
    static const uint8_t response[] = {0x94, 0x01};
    uint64_t number = 0;
    ssize_t head = match(in, length, response, sizeof(response));
    if (head <= 0)
        return head;
    ssize_t taken = take_number(in + head, length - (size_t)head, &number);
    if (taken <= 0)
        return taken;
    head += taken;
    if (length <= (size_t)head)
        return 0;
    if (in[head++] != 0xc0)
        return -1;
    taken = match(in + head, length - (size_t)head, result, size);
    *id = (uint32_t)number;
    return taken <= 0 ? taken : head + taken;
}

static size_t ping_request(uint8_t *out, uint32_t id, const struct rpc_handles *handles)
{
    (void)handles;
    return (size_t)(put_call(out, id, "sockd.ping", 0) - out);
}

static ssize_t ping_answer(const uint8_t *in, size_t length, uint32_t *id)
{
    return match_result(in, length, id, "\xa4pong", 5);
}

/* ---- send and read, turn and turn about, on a pair of sockets ---- */

static size_t pair_request(uint8_t *out, uint32_t id, const struct rpc_handles *handles)
{
    static const uint8_t bytes[] = {0xc4, PAYLOAD_LENGTH};
    uint8_t *end = put_call(out, id, id % 2 == 0 ? "send" : "read", 2);
    end = put_u32(end, (uint32_t)(id % 2 == 0 ? handles->near : handles->far));
    if (id % 2 == 0) {
        end = put(end, bytes, sizeof(bytes));
        end = put(end, PAYLOAD, PAYLOAD_LENGTH);
    } else {
        *end++ = PAYLOAD_LENGTH;
    }
    return (size_t)(end - out);
}

static ssize_t pair_answer(const uint8_t *in, size_t length, uint32_t *id)
{
    static const uint8_t sent[] = {PAYLOAD_LENGTH};
    uint32_t number = 1;
    ssize_t taken = match_result(in, length, &number, sent, sizeof(sent));
    if (taken <= 0 || number % 2 != 0)
        taken = match_result(in, length, &number, "\xc4\x40" PAYLOAD, PAYLOAD_LENGTH + 2);
    *id = number;
    return taken;
}

/* Asks for a pair of sockets and waits for the answer, [1, id, nil, [near, far]]. */
static void pair_prepare(int fd, struct rpc_handles *handles)
{
    uint8_t bytes[RPC_REQUEST_MOST];
    uint8_t *end = put_call(bytes, 0, "socketpair", 3);
    end = put_text(put_text(end, "AF_UNIX"), "SOCK_STREAM");
    *end++ = 0;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (send(fd, bytes, (size_t)(end - bytes), MSG_NOSIGNAL) < 0 || poll(&wait, 1, 5000) != 1)
        fail(errno, "socketpair was not answered");
    ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
    if (got < 6 || memcmp(bytes, "\x94\x01\x00\xc0\x92", 5) != 0)
        fail(0, "socketpair failed");
    ssize_t first = take_number(bytes + 5, (size_t)got - 5, &handles->near);
    if (first <= 0 || take_number(bytes + 5 + first, (size_t)(got - 5 - first), &handles->far) <= 0)
        fail(0, "socketpair answered no handles");
}

/* ---- nvim ---- */

static size_t nvim_request(uint8_t *out, uint32_t id, const struct rpc_handles *handles)
{
    (void)handles;
    return (size_t)(put_text(put_call(out, id, "nvim_strwidth", 1), "ping") - out);
}

static ssize_t nvim_answer(const uint8_t *in, size_t length, uint32_t *id)
{
    return match_result(in, length, id, "\x04", 1);
}

/* ---- Tarantool's own protocol: IPROTO_PING ---- */

static size_t tarantool_request(uint8_t *out, uint32_t id, const struct rpc_handles *handles)
{
    static const uint8_t head[] = {0xce, 0, 0, 0, 10, 0x82, 0x00, 0x40, 0x01};
    (void)handles;
    uint8_t *end = put_u32(put(out, head, sizeof(head)), id);
    *end++ = 0x80;
    return (size_t)(end - out);
}

/* A length, then the header {code: 0, sync: id, schema: any}, then an empty body. */
static ssize_t tarantool_answer(const uint8_t *in, size_t length, uint32_t *id)
{
    static const uint8_t code[] = {0x83, 0x00, 0xce, 0, 0, 0, 0, 0x01};
    uint64_t size = 0, sync = 0;
    ssize_t head = take_number(in, length, &size);
    if (head <= 0 || length < (size_t)head + size)
        return head < 0 ? -1 : 0;
    if (size < sizeof(code) || memcmp(in + head, code, sizeof(code)) != 0)
        return -1;
    size_t at = (size_t)head + sizeof(code);
    if (take_number(in + at, length - at, &sync) <= 0 || in[(size_t)head + size - 1] != 0x80)
        return -1;
    *id = (uint32_t)sync;
    return head + (ssize_t)size;
}

/* ---- Redis ---- */

#define REDIS_PING "*1\r\n$4\r\nPING\r\n"
#define REDIS_BULK "$64\r\n" PAYLOAD "\r\n"
#define REDIS_ECHO "*2\r\n$4\r\nECHO\r\n" REDIS_BULK

static size_t redis_ping(uint8_t *out, uint32_t id, const struct rpc_handles *handles)
{
    (void)id, (void)handles;
    return (size_t)(put(out, REDIS_PING, sizeof(REDIS_PING) - 1) - out);
}

static ssize_t redis_pong(const uint8_t *in, size_t length, uint32_t *id)
{
    (void)id;
    return match(in, length, "+PONG\r\n", 7);
}

static size_t redis_echo(uint8_t *out, uint32_t id, const struct rpc_handles *handles)
{
    (void)id, (void)handles;
    return (size_t)(put(out, REDIS_ECHO, sizeof(REDIS_ECHO) - 1) - out);
}

static ssize_t redis_echoed(const uint8_t *in, size_t length, uint32_t *id)
{
    (void)id;
    return match(in, length, REDIS_BULK, sizeof(REDIS_BULK) - 1);
}

/* ---- all ---- */

static const struct rpc_kind kinds[] = {
    {"ping", 0, NULL, ping_request, ping_answer},
    {"pair", 0, pair_prepare, pair_request, pair_answer},
    {"nvim", 0, NULL, nvim_request, nvim_answer},
    {"tarantool", 128, NULL, tarantool_request, tarantool_answer},
    {"redis-ping", 0, NULL, redis_ping, redis_pong},
    {"redis-echo", 0, NULL, redis_echo, redis_echoed},
};

const struct rpc_kind *rpc_kind_find(const char *name)
{
    char names[128] = "";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
        strcat(strcat(names, " "), kinds[i].name);
    }
    fail(0, "no request is named '%s'; there are:%s", name, names);
}
