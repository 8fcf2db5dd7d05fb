/* Quotas that follow what there is. */
#include "config/quotas.h"

#include "net/net.h"

#include <criterion/criterion.h>
#include <sys/resource.h>

static struct quota_limits limits;

static void fill(size_t max_sockets, size_t reserve, rlim_t descriptors)
{
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_assert_leq(descriptors, limit.rlim_max);
    limit.rlim_cur = descriptors;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    quotas_fill(&limits, &(struct net_stats){.max_sockets = max_sockets, .reserve = reserve});
}

Test(quotas, nobody_gets_more_than_three_quarters_of_the_sockets)
{
    fill(896, 28, 1024);
    cr_assert_eq(limits.most[QUOTA_SOCKETS], 651);
    cr_assert_eq(limits.most[QUOTA_CLIENTS], 64);
    cr_assert_eq(limits.most[QUOTA_BYTES], 0); /* has nothing to do with descriptors */
}

Test(quotas, of_many_each_gets_what_was_always_the_most)
{
    fill(1000000, 256, 1024);
    cr_assert_eq(limits.most[QUOTA_SOCKETS], 65536);
}

Test(quotas, what_the_options_say_stays)
{
    limits.most[QUOTA_SOCKETS] = 800;
    limits.most[QUOTA_CLIENTS] = 700;
    fill(896, 28, 1024);
    cr_assert_eq(limits.most[QUOTA_SOCKETS], 800);
    cr_assert_eq(limits.most[QUOTA_CLIENTS], 700);
}

Test(quotas, there_is_always_one)
{
    fill(1, 0, 64);
    cr_assert_eq(limits.most[QUOTA_SOCKETS], 1);
    fill(64, 2, 64);
    cr_assert_eq(limits.most[QUOTA_CLIENTS], 31);
}
