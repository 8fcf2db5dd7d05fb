/* See load.h. */
#include "load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

static uint64_t from_seconds(double seconds)
{
    return (uint64_t)(seconds * (double)NANOSECONDS);
}

/* What happens from here on is measured. */
static void load_start_measuring(struct load *load, uint64_t now)
{
    load->warm = true;
    load->requests = 0;
    memset(&load->latency, 0, sizeof(load->latency));
    load->begun = now;
    load->over_at = now + from_seconds(load->options->seconds);
    load->cpu_begun = process_cpu(load->options->pid);
}

void load_begin(struct load *load, const struct load_options *options)
{
    uint64_t now = clock_ns();
    memset(load, 0, sizeof(*load));
    load->options = options;
    load->warm_at = now + from_seconds(options->warmup);
    if (options->count != 0)
        load_start_measuring(load, now);
}

void load_request(struct load *load, uint64_t began, uint64_t now)
{
    load->requests++;
    histogram_add(&load->latency, now - began);
}

bool load_over(struct load *load, uint64_t now)
{
    if (load->options->count != 0)
        return load->requests >= load->options->count;
    if (!load->warm) {
        if (now >= load->warm_at)
            load_start_measuring(load, now);
        return false;
    }
    return now >= load->over_at;
}

static double microseconds(const struct load *load, double share)
{
    return (double)histogram_percentile(&load->latency, share) / 1e3;
}

void load_end(struct load *load)
{
    load->cpu_ended = process_cpu(load->options->pid);
    load->ended = clock_ns();
}

void load_report(const struct load *load)
{
    uint64_t cpu = load->cpu_ended - load->cpu_begun;
    double seconds = (double)(load->ended - load->begun) / (double)NANOSECONDS;
    if (load->requests == 0)
        fail(0, "no request was answered");
    printf("requests=%" PRIu64 " rate=%.0f cpu_us=%.4f busy=%.2f p50_us=%.1f p99_us=%.1f "
           "p999_us=%.1f worst_us=%.1f\n",
           load->requests, (double)load->requests / seconds,
           (double)cpu / 1e3 / (double)load->requests, (double)cpu / 1e9 / seconds,
           microseconds(load, 0.5), microseconds(load, 0.99), microseconds(load, 0.999),
           (double)load->worst / 1e3);
}

int load_wait(int epoll, struct epoll_event *events)
{
    int count = epoll_wait(epoll, events, LOAD_EVENTS, LOAD_STALL_MILLISECONDS);
    if (count == 0)
        fail(0, "the server has not answered for %d ms", LOAD_STALL_MILLISECONDS);
    if (count < 0 && errno != EINTR)
        fail(errno, "epoll_wait");
    return count;
}

void load_watch(int epoll, int fd, void *context)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = context};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        fail(errno, "epoll_ctl");
}
