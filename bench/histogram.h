/*
 * A histogram of durations whose buckets grow with the duration: each power of two is cut into 16,
 * so a percentile is right to about 3 %, whatever its size, in 4 KiB.
 */
#ifndef SOCKD_BENCH_HISTOGRAM_H
#define SOCKD_BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_BITS = 4,
    HISTOGRAM_SUB = 1 << HISTOGRAM_BITS,
    HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) * HISTOGRAM_SUB,
};

struct histogram {
    uint64_t total;
    uint32_t counts[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t nanoseconds);

/* The duration in nanoseconds that `share` (0 to 1) of those added do not exceed; 0 if none are. */
uint64_t histogram_percentile(const struct histogram *histogram, double share);

#endif
