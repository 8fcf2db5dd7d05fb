/*
 * The table of socket options and the names of their levels. See option.h.
 */
#include "net/option.h"

#include <string.h>
#include <strings.h>

#define INTEGER(level, name)                            \
    {                                                   \
#name, level, name, OPTION_INTEGER, true, false \
    }
#define READ_ONLY(level, name)                           \
    {                                                    \
#name, level, name, OPTION_INTEGER, false, false \
    }
#define LENT(level, name)                              \
    {                                                  \
#name, level, name, OPTION_INTEGER, true, true \
    }
#define TYPED(level, name, type, writable)        \
    {                                             \
#name, level, name, type, writable, false \
    }

const struct option options_all[] = {
    READ_ONLY(SOL_SOCKET, SO_ACCEPTCONN),
    {"SO_BINDTODEVICE", SOL_SOCKET, SO_BINDTODEVICE, OPTION_TEXT, true, true},
    INTEGER(SOL_SOCKET, SO_BROADCAST),
    INTEGER(SOL_SOCKET, SO_DEBUG),
    READ_ONLY(SOL_SOCKET, SO_DOMAIN),
    INTEGER(SOL_SOCKET, SO_DONTROUTE),
    READ_ONLY(SOL_SOCKET, SO_ERROR),
    INTEGER(SOL_SOCKET, SO_INCOMING_CPU),
    INTEGER(SOL_SOCKET, SO_KEEPALIVE),
    TYPED(SOL_SOCKET, SO_LINGER, OPTION_LINGER, false),
    LENT(SOL_SOCKET, SO_MARK),
    INTEGER(SOL_SOCKET, SO_OOBINLINE),
    INTEGER(SOL_SOCKET, SO_PASSCRED),
    TYPED(SOL_SOCKET, SO_PEERCRED, OPTION_CREDENTIALS, false),
    INTEGER(SOL_SOCKET, SO_PRIORITY),
    READ_ONLY(SOL_SOCKET, SO_PROTOCOL),
    INTEGER(SOL_SOCKET, SO_RCVBUF),
    LENT(SOL_SOCKET, SO_RCVBUFFORCE),
    INTEGER(SOL_SOCKET, SO_RCVLOWAT),
    TYPED(SOL_SOCKET, SO_RCVTIMEO, OPTION_SECONDS, true),
    INTEGER(SOL_SOCKET, SO_REUSEADDR),
    INTEGER(SOL_SOCKET, SO_REUSEPORT),
    INTEGER(SOL_SOCKET, SO_SNDBUF),
    LENT(SOL_SOCKET, SO_SNDBUFFORCE),
    INTEGER(SOL_SOCKET, SO_SNDLOWAT),
    TYPED(SOL_SOCKET, SO_SNDTIMEO, OPTION_SECONDS, true),
    INTEGER(SOL_SOCKET, SO_TIMESTAMP),
    READ_ONLY(SOL_SOCKET, SO_TYPE),

    INTEGER(IPPROTO_TCP, TCP_NODELAY),
    INTEGER(IPPROTO_TCP, TCP_MAXSEG),
    INTEGER(IPPROTO_TCP, TCP_CORK),
    INTEGER(IPPROTO_TCP, TCP_KEEPIDLE),
    INTEGER(IPPROTO_TCP, TCP_KEEPINTVL),
    INTEGER(IPPROTO_TCP, TCP_KEEPCNT),
    INTEGER(IPPROTO_TCP, TCP_SYNCNT),
    INTEGER(IPPROTO_TCP, TCP_LINGER2),
    INTEGER(IPPROTO_TCP, TCP_DEFER_ACCEPT),
    INTEGER(IPPROTO_TCP, TCP_WINDOW_CLAMP),
    TYPED(IPPROTO_TCP, TCP_INFO, OPTION_TCP_INFO, false),
    INTEGER(IPPROTO_TCP, TCP_QUICKACK),
    TYPED(IPPROTO_TCP, TCP_CONGESTION, OPTION_TEXT, true),
    LENT(IPPROTO_TCP, TCP_MD5SIG),
    INTEGER(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS),
    INTEGER(IPPROTO_TCP, TCP_THIN_DUPACK),
    INTEGER(IPPROTO_TCP, TCP_USER_TIMEOUT),
    LENT(IPPROTO_TCP, TCP_REPAIR),
    LENT(IPPROTO_TCP, TCP_REPAIR_QUEUE),
    LENT(IPPROTO_TCP, TCP_QUEUE_SEQ),
    LENT(IPPROTO_TCP, TCP_REPAIR_OPTIONS),
    INTEGER(IPPROTO_TCP, TCP_FASTOPEN),
    INTEGER(IPPROTO_TCP, TCP_TIMESTAMP),
    INTEGER(IPPROTO_TCP, TCP_NOTSENT_LOWAT),
    READ_ONLY(IPPROTO_TCP, TCP_CC_INFO),
    INTEGER(IPPROTO_TCP, TCP_SAVE_SYN),
    READ_ONLY(IPPROTO_TCP, TCP_SAVED_SYN),

    INTEGER(IPPROTO_IP, IP_TOS),
    INTEGER(IPPROTO_IP, IP_TTL),
    INTEGER(IPPROTO_IP, IP_FREEBIND),
    LENT(IPPROTO_IP, IP_TRANSPARENT),
    INTEGER(IPPROTO_IP, IP_MULTICAST_TTL),
    INTEGER(IPPROTO_IP, IP_MULTICAST_LOOP),
    TYPED(IPPROTO_IP, IP_MULTICAST_IF, OPTION_INTERFACE, true),
    TYPED(IPPROTO_IP, IP_ADD_MEMBERSHIP, OPTION_GROUP, true),
    TYPED(IPPROTO_IP, IP_DROP_MEMBERSHIP, OPTION_GROUP, true),

    INTEGER(IPPROTO_IPV6, IPV6_V6ONLY),
    INTEGER(IPPROTO_IPV6, IPV6_UNICAST_HOPS),
    INTEGER(IPPROTO_IPV6, IPV6_TCLASS),
    INTEGER(IPPROTO_IPV6, IPV6_MULTICAST_HOPS),
    INTEGER(IPPROTO_IPV6, IPV6_MULTICAST_LOOP),
    TYPED(IPPROTO_IPV6, IPV6_MULTICAST_IF, OPTION_INTERFACE, true),
    TYPED(IPPROTO_IPV6, IPV6_JOIN_GROUP, OPTION_GROUP, true),
    TYPED(IPPROTO_IPV6, IPV6_LEAVE_GROUP, OPTION_GROUP, true),
};

const size_t options_count = sizeof(options_all) / sizeof(options_all[0]);

static const struct {
    const char *name;
    int level;
} levels[] = {
    {"socket", SOL_SOCKET},     {"ip", IPPROTO_IP},   {"ipv6", IPPROTO_IPV6},
    {"tcp", IPPROTO_TCP},       {"udp", IPPROTO_UDP}, {"icmp", IPPROTO_ICMP},
    {"icmpv6", IPPROTO_ICMPV6}, {"raw", IPPROTO_RAW},
};

int option_level(const char *name)
{
    if (strncmp(name, "SOL_", 4) == 0)
        name += 4;
    else if (strncmp(name, "IPPROTO_", 8) == 0)
        name += 8;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (strcasecmp(levels[i].name, name) == 0)
            return levels[i].level;
    return -1;
}

const struct option *option_find(int level, const char *name)
{
    for (size_t i = 0; i < options_count; i++)
        if (options_all[i].level == level && strcmp(options_all[i].name, name) == 0)
            return &options_all[i];
    return NULL;
}

const struct option *option_find_number(int level, int number)
{
    for (size_t i = 0; i < options_count; i++)
        if (options_all[i].level == level && options_all[i].number == number)
            return &options_all[i];
    return NULL;
}
