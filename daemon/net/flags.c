/*
 * The names of flags. See flags.h; the tables of domains and types are in names.c.
 */
#include "net/flags.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

const struct named_number message_flags[] = {
    {"MSG_OOB", MSG_OOB},
    {"MSG_PEEK", MSG_PEEK},
    {"MSG_DONTROUTE", MSG_DONTROUTE},
    {"MSG_TRYHARD", MSG_DONTROUTE},
    {"MSG_CTRUNC", MSG_CTRUNC},
    {"MSG_PROXY", MSG_PROXY},
    {"MSG_TRUNC", MSG_TRUNC},
    {"MSG_DONTWAIT", MSG_DONTWAIT},
    {"MSG_EOR", MSG_EOR},
    {"MSG_WAITALL", MSG_WAITALL},
    {"MSG_FIN", MSG_FIN},
    {"MSG_SYN", MSG_SYN},
    {"MSG_CONFIRM", MSG_CONFIRM},
    {"MSG_RST", MSG_RST},
    {"MSG_ERRQUEUE", MSG_ERRQUEUE},
    {"MSG_NOSIGNAL", MSG_NOSIGNAL},
    {"MSG_MORE", MSG_MORE},
    {"MSG_WAITFORONE", MSG_WAITFORONE},
    {"MSG_FASTOPEN", MSG_FASTOPEN},
    {"MSG_CMSG_CLOEXEC", MSG_CMSG_CLOEXEC},
    {NULL, 0},
};

const struct named_number lookup_flags[] = {
    {"AI_PASSIVE", AI_PASSIVE},         {"AI_CANONNAME", AI_CANONNAME},
    {"AI_NUMERICHOST", AI_NUMERICHOST}, {"AI_NUMERICSERV", AI_NUMERICSERV},
    {"AI_V4MAPPED", AI_V4MAPPED},       {"AI_ALL", AI_ALL},
    {"AI_ADDRCONFIG", AI_ADDRCONFIG},   {"AI_IDN", AI_IDN},
    {"AI_CANONIDN", AI_CANONIDN},       {NULL, 0},
};

int named_number(const struct named_number *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table->number;
    return -1;
}
