/*
 * Socket addresses from and to text. See address.h; the names of families, types and protocols
 * are in names.c.
 */
#include "net/address.h"

#include "base/numeral.h"
#include "util/error.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ports ---- */

/* A service's name has a letter (RFC 6335); so nothing that is a number to somebody is a name. */
static bool port_is_name(const char *port)
{
    return strpbrk(port, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL &&
           strpbrk(port, " \t\r\n") == NULL;
}

bool address_port_is_right(const char *port)
{
    uint64_t number;
    return port == NULL || port_is_name(port) ||
           numeral_unsigned(port, UINT16_MAX, &number) == NUMERAL_FINE;
}

/* In host byte order, or -EINVAL. */
static int port_parse(const char *port)
{
    uint64_t number;
    if (port == NULL)
        return 0;
    if (numeral_unsigned(port, UINT16_MAX, &number) == NUMERAL_FINE)
        return (int)number;
    struct servent entry, *found = NULL;
    char memory[1024];
    if (!port_is_name(port) ||
        getservbyname_r(port, "tcp", &entry, memory, sizeof(memory), &found) != 0 || found == NULL)
        return -EINVAL;
    return ntohs((uint16_t)found->s_port);
}

/* ---- hosts ---- */

/* A path ends with a zero byte; an abstract name begins with one instead. */
static int address_parse_unix(struct address *out, const char *path)
{
    size_t length = path != NULL ? strlen(path) : 0;
    if (length == 0)
        return -EINVAL;
    bool abstract = path[0] == '@';
    size_t size = abstract ? length : length + 1;
    if (size > sizeof(out->un.sun_path))
        return -ENOBUFS;
    *out = (struct address){.un = {.sun_family = AF_UNIX}};
    memcpy(out->un.sun_path, path, length);
    out->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    if (abstract)
        out->un.sun_path[0] = '\0';
    return 0;
}

static int address_any(struct address *out, int family, uint16_t port)
{
    *out = (struct address){0};
    if (family == AF_INET6) {
        out->in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        out->length = sizeof(out->in6);
        return 0;
    }
    out->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    out->length = sizeof(out->in);
    return 0;
}

static int address_parse_in(struct address *out, int family, const struct in_addr *host,
                            uint16_t port)
{
    address_any(out, family == AF_INET6 ? AF_INET6 : AF_INET, port);
    if (family != AF_INET6) {
        out->in.sin_addr = *host;
        return 0;
    }
    uint8_t *mapped = out->in6.sin6_addr.s6_addr;
    mapped[10] = mapped[11] = 0xff;
    memcpy(mapped + 12, host, sizeof(*host));
    return 0;
}

/* The name of an interface, or its index; 0: there is no such thing. */
static uint32_t scope_parse(const char *scope)
{
    uint64_t number;
    if (numeral_unsigned(scope, UINT32_MAX, &number) == NUMERAL_FINE)
        return (uint32_t)number;
    return if_nametoindex(scope);
}

/* "2001:db8::1", "[2001:db8::1]", "fe80::1%eth0". */
static int address_parse_in6(struct address *out, const char *host, uint16_t port)
{
    char text[INET6_ADDRSTRLEN + IF_NAMESIZE + 2];
    size_t length = strlen(host);
    bool bracketed = length > 1 && host[0] == '[' && host[length - 1] == ']';
    if (bracketed) {
        host++;
        length -= 2;
    }
    if (length >= sizeof(text))
        return -EINVAL;
    memcpy(text, host, length);
    text[length] = '\0';
    char *scope = strchr(text, '%');
    if (scope != NULL)
        *scope++ = '\0';
    address_any(out, AF_INET6, port);
    if (inet_pton(AF_INET6, text, &out->in6.sin6_addr) != 1)
        return -EINVAL;
    if (scope != NULL) {
        out->in6.sin6_scope_id = scope_parse(scope);
        if (out->in6.sin6_scope_id == 0)
            return -EINVAL;
    }
    return 0;
}

/* As getaddrinfo(3) takes it for any address. */
static void host_format_in6(const struct sockaddr_in6 *in6, char out[ADDRESS_HOST_MAX])
{
    inet_ntop(AF_INET6, &in6->sin6_addr, out, INET6_ADDRSTRLEN);
    size_t length = strlen(out);
    if (in6->sin6_scope_id != 0)
        snprintf(out + length, ADDRESS_HOST_MAX - length, "%%%u", in6->sin6_scope_id);
}

/* What libc takes for an IPv4 address beside four decimal numbers: 127.1, 0x7f000001, 010.0.0.1. */
static bool host_is_odd_number(const char *host)
{
    struct in_addr in;
    return strcmp(host, "0") != 0 && strpbrk(host, " \t\r\n") == NULL &&
           inet_aton(host, &in) != 0 && inet_pton(AF_INET, host, &in) != 1;
}

int address_normalize_host(const char *host, char out[ADDRESS_HOST_MAX])
{
    struct address address;
    if (strpbrk(host, ":[]") == NULL)
        return host_is_odd_number(host) ? -EINVAL : 0;
    int error = address_parse_in6(&address, host, 0);
    if (error < 0)
        return error;
    host_format_in6(&address.in6, out);
    return 1;
}

int address_parse(struct address *out, int family, const char *host, const char *port)
{
    if (host != NULL && strcmp(host, ADDRESS_UNIX) == 0)
        return family == AF_UNSPEC || family == AF_UNIX ? address_parse_unix(out, port) : -EINVAL;
    if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
        return -EINVAL;
    int number = port_parse(port);
    if (number < 0)
        return number;
    uint16_t network_port = htons((uint16_t)number);
    if (host == NULL)
        return address_any(out, family, network_port);
    struct in_addr in;
    if (inet_pton(AF_INET, host, &in) == 1)
        return address_parse_in(out, family, &in, network_port);
    return family != AF_INET ? address_parse_in6(out, host, network_port) : -EINVAL;
}

void address_set(struct address *out, const struct sockaddr *from, socklen_t length)
{
    *out = (struct address){0};
    socklen_t most = sizeof(*out) - offsetof(struct address, any);
    out->length = length < most ? length : most;
    memcpy(&out->any, from, out->length);
}

/* ---- packed: the family, the number of bytes, and what stands behind the family ---- */

enum { PACKED_FAMILY, PACKED_LENGTH, PACKED_DATA };

static size_t address_data_length(const struct address *address)
{
    if (address->length == sizeof(address->in) && address->family == AF_INET)
        return offsetof(struct sockaddr_in, sin_zero) - offsetof(struct sockaddr, sa_data);
    size_t before = offsetof(struct sockaddr, sa_data);
    return address->length > before ? address->length - before : 0;
}

size_t address_packed_size(const struct address *address)
{
    return PACKED_DATA + address_data_length(address);
}

size_t address_size_of_packed(const void *packed)
{
    return PACKED_DATA + (size_t)((const uint8_t *)packed)[PACKED_LENGTH];
}

void address_pack(const struct address *address, void *packed)
{
    uint8_t *bytes = packed;
    bytes[PACKED_FAMILY] = address->length > 0 ? (uint8_t)address->family : AF_UNSPEC;
    bytes[PACKED_LENGTH] = (uint8_t)address_data_length(address);
    memcpy(bytes + PACKED_DATA, address->any.sa_data, bytes[PACKED_LENGTH]);
}

void address_unpack(struct address *out, const void *packed)
{
    const uint8_t *bytes = packed;
    *out = (struct address){.family = bytes[PACKED_FAMILY]};
    memcpy(out->any.sa_data, bytes + PACKED_DATA, bytes[PACKED_LENGTH]);
    if (out->family == AF_INET)
        out->length = sizeof(out->in);
    else if (out->family != AF_UNSPEC)
        out->length = (socklen_t)(offsetof(struct sockaddr, sa_data) + bytes[PACKED_LENGTH]);
}

/* ---- to text ---- */

static void address_format_unix(const struct address *address, struct address_text *out)
{
    size_t head = offsetof(struct sockaddr_un, sun_path);
    size_t length = address->length > head ? address->length - head : 0;
    memcpy(out->host, ADDRESS_UNIX, sizeof(ADDRESS_UNIX));
    out->port = -1;
    if (length == 0)
        return;
    if (length >= sizeof(out->path))
        length = sizeof(out->path) - 1;
    const char *path = address->un.sun_path;
    if (path[0] != '\0')
        length = strnlen(path, length);
    memcpy(out->path, path, length);
    if (path[0] == '\0') /* zero bytes inside an abstract name would cut it: they show as '@' too */
        for (size_t i = 0; i < length; i++)
            if (out->path[i] == '\0')
                out->path[i] = '@';
    out->path[length] = '\0';
}

static char *put_number(char *at, unsigned number)
{
    if (number >= 10)
        at = put_number(at, number / 10);
    *at = (char)('0' + number % 10);
    return at + 1;
}

/* inet_ntop(3) takes twenty times as long, which shows where each connection's address is told. */
static void address_format_in(const struct sockaddr_in *in, struct address_text *out)
{
    const uint8_t *bytes = (const uint8_t *)&in->sin_addr;
    char *at = out->host;
    for (int i = 0; i < 4; i++) {
        at = put_number(at, bytes[i]);
        *at++ = i < 3 ? '.' : '\0';
    }
    out->port = ntohs(in->sin_port);
}

static void address_format_in6(const struct sockaddr_in6 *in6, struct address_text *out)
{
    inet_ntop(AF_INET6, &in6->sin6_addr, out->host, INET6_ADDRSTRLEN);
    out->port = ntohs(in6->sin6_port);
    char name[IF_NAMESIZE];
    if (in6->sin6_scope_id == 0)
        return;
    size_t length = strlen(out->host);
    if (if_indextoname(in6->sin6_scope_id, name) != NULL)
        snprintf(out->host + length, sizeof(out->host) - length, "%%%s", name);
    else
        snprintf(out->host + length, sizeof(out->host) - length, "%%%u", in6->sin6_scope_id);
}

void address_format(const struct address *address, struct address_text *out)
{
    *out = (struct address_text){0};
    if (address->length < sizeof(sa_family_t))
        return;
    switch (address->family) {
    case AF_INET:
        address_format_in(&address->in, out);
        break;
    case AF_INET6:
        address_format_in6(&address->in6, out);
        break;
    case AF_UNIX:
        address_format_unix(address, out);
        break;
    default:
        break;
    }
}

const char *address_string(const struct address *address, char out[ADDRESS_STRING_MAX])
{
    struct address_text text;
    address_format(address, &text);
    if (text.port < 0)
        snprintf(out, ADDRESS_STRING_MAX, "%s:%s", text.host, text.path);
    else if (strchr(text.host, ':') != NULL)
        snprintf(out, ADDRESS_STRING_MAX, "[%s]:%d", text.host, text.port);
    else
        snprintf(out, ADDRESS_STRING_MAX, "%s:%d", text.host, text.port);
    return out;
}
