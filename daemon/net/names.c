/*
 * The names of address families, socket types and protocols. See address.h.
 */
#include "net/address.h"

#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct name {
    const char *name;
    int number;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Without "AF_" or "PF_". The first of two names of a number is the one shown. */
static const struct name families[] = {
    {"UNSPEC", AF_UNSPEC},
    {"UNIX", AF_UNIX},
    {"LOCAL", AF_LOCAL},
    {"FILE", AF_FILE},
    {"INET", AF_INET},
    {"INET6", AF_INET6},
    {"AX25", AF_AX25},
    {"IPX", AF_IPX},
    {"APPLETALK", AF_APPLETALK},
    {"NETROM", AF_NETROM},
    {"BRIDGE", AF_BRIDGE},
    {"ATMPVC", AF_ATMPVC},
    {"X25", AF_X25},
    {"ROSE", AF_ROSE},
    {"NETBEUI", AF_NETBEUI},
    {"SECURITY", AF_SECURITY},
    {"KEY", AF_KEY},
    {"NETLINK", AF_NETLINK},
    {"ROUTE", AF_ROUTE},
    {"PACKET", AF_PACKET},
    {"ASH", AF_ASH},
    {"ECONET", AF_ECONET},
    {"ATMSVC", AF_ATMSVC},
    {"RDS", AF_RDS},
    {"IRDA", AF_IRDA},
    {"PPPOX", AF_PPPOX},
    {"WANPIPE", AF_WANPIPE},
    {"LLC", AF_LLC},
    {"CAN", AF_CAN},
    {"TIPC", AF_TIPC},
    {"BLUETOOTH", AF_BLUETOOTH},
    {"VSOCK", AF_VSOCK},
    {"ALG", AF_ALG},
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
    if (strncmp(name, "AF_", 3) != 0 && strncmp(name, "PF_", 3) != 0)
        return -1;
    for (size_t i = 0; i < COUNT(families); i++)
        if (strcmp(families[i].name, name + 3) == 0)
            return families[i].number;
    return -1;
}

static const struct name types[] = {
    {"SOCK_STREAM", SOCK_STREAM},       {"SOCK_DGRAM", SOCK_DGRAM}, {"SOCK_RAW", SOCK_RAW},
    {"SOCK_SEQPACKET", SOCK_SEQPACKET}, {"SOCK_RDM", SOCK_RDM},     {"SOCK_DCCP", SOCK_DCCP},
    {"SOCK_PACKET", SOCK_PACKET},
};

const char *address_type_name(int type)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].number == type)
            return types[i].name;
    return NULL;
}

int address_type(const char *name)
{
    for (size_t i = 0; i < COUNT(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].number;
    return -1;
}

/* What must be known where /etc/protocols is missing. */
static const struct name protocols[] = {
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
