/* Quotas that follow what there is; see quotas.h. */
#include "config/quotas.h"

#include "net/net.h"

#include <sys/resource.h>

#define SOCKETS 65536
#define CLIENTS 512

static size_t at_most(size_t number, size_t most)
{
    if (number > most)
        return most;
    return number > 0 ? number : 1;
}

/* What the limit of descriptors leaves beside the sockets. */
static size_t other_descriptors(const struct net_stats *net)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return SIZE_MAX;
    return limit.rlim_cur > net->max_sockets ? limit.rlim_cur - net->max_sockets : 0;
}

void quotas_fill(struct quota_limits *limits, const struct net_stats *net)
{
    size_t for_users = net->max_sockets - net->reserve;
    if (limits->most[QUOTA_SOCKETS] == 0)
        limits->most[QUOTA_SOCKETS] = at_most(for_users - for_users / 4, SOCKETS);
    if (limits->most[QUOTA_CLIENTS] == 0)
        limits->most[QUOTA_CLIENTS] = at_most(other_descriptors(net) / 2, CLIENTS);
}
