/* See histogram.h. */
#include "histogram.h"

static unsigned bucket_of(uint64_t value)
{
    if (value < HISTOGRAM_SUB)
        return (unsigned)value;
    unsigned magnitude = 63 - (unsigned)__builtin_clzll(value) - HISTOGRAM_BITS;
    unsigned sub = (unsigned)(value >> magnitude) - HISTOGRAM_SUB;
    return (magnitude + 1) * HISTOGRAM_SUB + sub;
}

/* The middle of what falls into a bucket. */
static uint64_t bucket_value(unsigned bucket)
{
    if (bucket < HISTOGRAM_SUB)
        return bucket;
    unsigned magnitude = bucket / HISTOGRAM_SUB - 1;
    uint64_t low = (uint64_t)(HISTOGRAM_SUB + bucket % HISTOGRAM_SUB) << magnitude;
    return low + ((1ull << magnitude) >> 1);
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds)
{
    histogram->counts[bucket_of(nanoseconds)]++;
    histogram->total++;
}

uint64_t histogram_percentile(const struct histogram *histogram, double share)
{
    if (histogram->total == 0)
        return 0;
    uint64_t rank = (uint64_t)((double)histogram->total * share);
    uint64_t seen = 0;
    if (rank >= histogram->total)
        rank = histogram->total - 1;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen > rank)
            return bucket_value(i);
    }
    return 0;
}
