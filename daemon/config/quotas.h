/*
 * What each user may have when the options do not say so: a share of what there is.
 */
#pragma once

#include "util/quota.h"

struct net_stats;

/*
 * Fills in the limits that are 0 and depend on how many descriptors there are: of sockets three
 * quarters of those that users may make, at most 65536, and of control clients half of the
 * descriptors that are kept for them, at most 512. So no user but root takes all.
 */
void quotas_fill(struct quota_limits *limits, const struct net_stats *net);
