/*
 * The names of address families, socket types and protocols. See address.h.
 */
#include "net/address.h"
#include "net/flags.h"

#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Each family under both of its spellings. */
#define FAMILY(name)           \
    {"AF_" #name, AF_##name},  \
    {                          \
        "PF_" #name, AF_##name \
    }

const struct named_number socket_domains[] = {
    FAMILY(UNSPEC),  FAMILY(UNIX),    FAMILY(LOCAL),     FAMILY(INET),    FAMILY(INET6),
    FAMILY(AX25),    FAMILY(IPX),     FAMILY(APPLETALK), FAMILY(NETROM),  FAMILY(BRIDGE),
    FAMILY(ATMPVC),  FAMILY(X25),     FAMILY(ROSE),      FAMILY(NETBEUI), FAMILY(SECURITY),
    FAMILY(KEY),     FAMILY(NETLINK), FAMILY(ROUTE),     FAMILY(PACKET),  FAMILY(ASH),
    FAMILY(ECONET),  FAMILY(ATMSVC),  FAMILY(RDS),       FAMILY(IRDA),    FAMILY(PPPOX),
    FAMILY(WANPIPE), FAMILY(LLC),     FAMILY(CAN),       FAMILY(TIPC),    FAMILY(BLUETOOTH),
    FAMILY(VSOCK),   FAMILY(ALG),     {NULL, 0},
};

static const char *const family_names[] = {
    [AF_UNSPEC] = "AF_UNSPEC", [AF_UNIX] = "AF_UNIX",           [AF_INET] = "AF_INET",
    [AF_INET6] = "AF_INET6",   [AF_NETLINK] = "AF_NETLINK",     [AF_PACKET] = "AF_PACKET",
    [AF_VSOCK] = "AF_VSOCK",   [AF_BLUETOOTH] = "AF_BLUETOOTH", [AF_ALG] = "AF_ALG",
};

const char *address_family_name(int family)
{
    return family >= 0 && (size_t)family < COUNT(family_names) ? family_names[family] : NULL;
}

int address_family(const char *name)
{
    return named_number(socket_domains, name);
}

const struct named_number socket_types[] = {
    {"SOCK_STREAM", SOCK_STREAM}, {"SOCK_DGRAM", SOCK_DGRAM},
    {"SOCK_RAW", SOCK_RAW},       {"SOCK_SEQPACKET", SOCK_SEQPACKET},
    {"SOCK_RDM", SOCK_RDM},       {"SOCK_DCCP", SOCK_DCCP},
    {"SOCK_PACKET", SOCK_PACKET}, {NULL, 0},
};

const char *address_type_name(int type)
{
    for (const struct named_number *entry = socket_types; entry->name != NULL; entry++)
        if (entry->number == type)
            return entry->name;
    return NULL;
}

int address_type(const char *name)
{
    return named_number(socket_types, name);
}

/* What must be known where /etc/protocols is missing. */
static const struct named_number protocols[] = {
    {"ip", IPPROTO_IP},     {"icmp", IPPROTO_ICMP},        {"tcp", IPPROTO_TCP},
    {"udp", IPPROTO_UDP},   {"ipv6-icmp", IPPROTO_ICMPV6}, {"sctp", IPPROTO_SCTP},
    {"dccp", IPPROTO_DCCP}, {"udplite", IPPROTO_UDPLITE},
};

int address_protocol(const char *name)
{
    for (size_t i = 0; i < COUNT(protocols); i++)
        if (strcmp(protocols[i].name, name) == 0)
            return protocols[i].number;
    struct protoent entry, *found = NULL;
    char memory[1024];
    if (getprotobyname_r(name, &entry, memory, sizeof(memory), &found) != 0 || found == NULL)
        return -1;
    return found->p_proto;
}

const char *address_protocol_name(int protocol, char out[16])
{
    for (size_t i = 0; i < COUNT(protocols); i++)
        if (protocols[i].number == protocol)
            return protocols[i].name;
    struct protoent entry, *found = NULL;
    char memory[1024];
    if (getprotobynumber_r(protocol, &entry, memory, sizeof(memory), &found) == 0 && found != NULL)
        snprintf(out, 16, "%.15s", found->p_name);
    else
        snprintf(out, 16, "%d", protocol);
    return out;
}
