/* What lists show of a socket; see describe.h. */
#include "rpc/method/describe.h"

#include "net/sock.h"
#include "protocol/writer.h"
#include "rpc/server.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

const char *describe_handler(const struct rpc *rpc, const struct sock *sock)
{
    return rpc->hooks.handler_name ? rpc->hooks.handler_name(rpc->hook_context, sock) : NULL;
}

static void put_text(struct writer *writer, const char *key, const char *text)
{
    writer_text(writer, key);
    writer_text(writer, text);
}

/* Bytes that are not terminated; nil if there are none. */
static void put_bytes(struct writer *writer, const char *key, const struct arg_bytes *bytes)
{
    writer_text(writer, key);
    if (bytes->size > 0)
        writer_str(writer, bytes->data, bytes->size);
    else
        writer_nil(writer);
}

static void put_number(struct writer *writer, const char *key, int64_t number)
{
    writer_text(writer, key);
    writer_int(writer, number);
}

static void put_address(struct writer *writer, const char *key, const struct address *address)
{
    char text[ADDRESS_STRING_MAX];
    writer_text(writer, key);
    writer_outside(writer, address ? address_string(address, text) : NULL);
}

/* Both without touching the socket's last error, which is its users'. */
static void put_addresses(struct writer *writer, const struct sock *sock)
{
    struct sockaddr_storage raw;
    struct address address;
    socklen_t length = sizeof raw;
    bool known = getsockname(sock_fd(sock), (struct sockaddr *)&raw, &length) == 0;
    if (known)
        address_set(&address, (struct sockaddr *)&raw, length);
    put_address(writer, "address", known ? &address : NULL);
    length = sizeof raw;
    known = getpeername(sock_fd(sock), (struct sockaddr *)&raw, &length) == 0;
    if (known)
        address_set(&address, (struct sockaddr *)&raw, length);
    put_address(writer, "peer", known ? &address : NULL);
}

/* What the kernel has and the other side has not taken yet. */
static int64_t unsent_bytes(const struct sock *sock)
{
    int bytes = 0;
    if (sock_is_listener(sock) || ioctl(sock_fd(sock), SIOCOUTQ, &bytes) < 0)
        return 0;
    return bytes;
}

static void put_counters(struct writer *writer, const struct sock *sock)
{
    struct sock_counters counters;
    sock_counters(sock, &counters);
    put_number(writer, "read_ahead", (int64_t)counters.read_ahead);
    put_number(writer, "unsent", unsent_bytes(sock));
    put_number(writer, "waiting", counters.waiting);
    put_number(writer, "bytes_in", (int64_t)counters.bytes_in);
    put_number(writer, "bytes_out", (int64_t)counters.bytes_out);
    put_number(writer, "created", counters.created);
    put_number(writer, "used", counters.used);
}

static void put_ttl(struct writer *writer, double ttl)
{
    writer_text(writer, "ttl");
    if (ttl > 0)
        writer_number(writer, ttl);
    else
        writer_nil(writer);
}

void describe_briefly(struct writer *writer, const struct rpc *rpc, const struct sock *sock)
{
    char protocol[16];
    struct arg_settings settings = handles_settings(&rpc->handles, sock_id(sock));
    put_bytes(writer, "name", &settings.name);
    put_text(writer, "domain", address_family_name(sock_domain(sock)));
    put_text(writer, "type", address_type_name(sock_type(sock)));
    put_text(writer, "protocol", address_protocol_name(sock_protocol(sock), protocol));
}

void describe(struct writer *writer, const struct rpc *rpc, const struct sock *sock)
{
    struct arg_settings settings = handles_settings(&rpc->handles, sock_id(sock));
    writer_map(writer, DESCRIBE_PAIRS);
    put_number(writer, "id", (int64_t)sock_id(sock));
    put_number(writer, "owner", sock_owner(sock));
    put_text(writer, "state", sock_state(sock));
    describe_briefly(writer, rpc, sock);
    put_addresses(writer, sock);
    put_counters(writer, sock);
    writer_text(writer, "handler");
    writer_outside(writer, describe_handler(rpc, sock));
    put_text(writer, "share", settings.shared ? "group" : "none");
    put_text(writer, "lifetime", settings.tied ? "client" : "daemon");
    put_ttl(writer, settings.ttl);
}
