/*
 * Socket addresses, as the API spells them: a host and a port, where the host `unix/` makes the
 * port a path. Nothing here asks a name server.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
    socklen_t length; /* 0: no address */
    union {
        sa_family_t family;
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
};

/* The host that stands for a unix socket. */
#define ADDRESS_UNIX "unix/"

/*
 * A numeric address. `host`: IPv4, IPv6 (brackets allowed, with %scope), "unix/", or NULL for all
 * local interfaces of `family`; `port`: a number or a service of /etc/services, or the path (of at
 * most 107 bytes; an abstract name starts with '@', behind which there may be 107), or NULL for
 * port 0. `family` AF_UNSPEC takes what the host says; with AF_INET6 an IPv4 host becomes a mapped
 * one.
 *
 * -EINVAL: no such address, or of another family; -ENOBUFS: the path is too long.
 */
int address_parse(struct address *out, int family, const char *host, const char *port);

/* Whether the text can be a port: digits up to 65535, or a word that may be a service's name. NULL
 * is right too. */
bool address_port_is_right(const char *port);

/*
 * A host that somebody else is to look up, getaddrinfo(3) for one, with the same addresses for
 * numbers as above. 1: an IPv6 address, which is in `out` as libc takes it, without brackets; 0: an
 * IPv4 address or a name, to be used as it is; -EINVAL: an address that is wrong.
 */
#define ADDRESS_HOST_MAX 64
int address_normalize_host(const char *host, char out[ADDRESS_HOST_MAX]);

/* Of what getsockname(2) and its like return. */
void address_set(struct address *out, const struct sockaddr *from, socklen_t length);

/* An address in few bytes, for those who keep many of them: 8 for IPv4. */
#define ADDRESS_PACKED_MAX (2 + sizeof(struct sockaddr_un))
size_t address_packed_size(const struct address *address);
void address_pack(const struct address *address, void *packed);
void address_unpack(struct address *out, const void *packed);
size_t address_size_of_packed(const void *packed);

/* An address as the API shows it. */
struct address_text {
    char host[ADDRESS_HOST_MAX]; /* "unix/" for a unix socket */
    char
        path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 2]; /* of a unix socket; "" unnamed */
    int port;                                                     /* -1 for a unix socket */
};

void address_format(const struct address *address, struct address_text *out);

/* "host:port", "[v6]:port" or "unix/:path", for logs and lists; always terminated. */
#define ADDRESS_STRING_MAX 192
const char *address_string(const struct address *address, char out[ADDRESS_STRING_MAX]);

/* "AF_INET"; NULL for a family without a name here. The second returns -1 for an unknown name;
 * both spellings, AF_ and PF_, are known. */
const char *address_family_name(int family);
int address_family(const char *name);

/* "SOCK_STREAM"; NULL or -1 as above. */
const char *address_type_name(int type);
int address_type(const char *name);

/* The number of "tcp" and its like, of /etc/protocols; -1: unknown. The name of a number may be
 * written into `out`; a number without a name is shown in digits. */
int address_protocol(const char *name);
const char *address_protocol_name(int protocol, char out[16]);
