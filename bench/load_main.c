/*
 * sockd-bench-load: load for a server on the same machine, and what it cost.
 *
 * Prints one line of NAME=VALUE words, or fails: a run in which a byte was wrong has no figures.
 */
#include "load.h"

#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char usage[] =
    "usage: sockd-bench-load MODE ADDRESS [OPTION…]\n"
    "\n"
    "  MODE     stream   messages, each compared with what comes back\n"
    "           connect  connect, one line, the server closes\n"
    "           idle     memory of idle connections\n"
    "           rpc      requests\n"
    "           port     only prints a TCP port that is free; without ADDRESS\n"
    "  ADDRESS  127.0.0.1:PORT or unix:PATH\n"
    "\n"
    "  --connections N  default 1            --depth N    requests in flight; default 1\n"
    "  --size BYTES     default 64           --lines      messages are lines\n"
    "  --refill         replace each answered request at once, not the batch\n"
    "  --each           worst_us: p99.9 of the worst connection\n"
    "  --rpc NAME       what to request; default ping\n"
    "  --seconds S      default 1            --warmup S   default 0.2\n"
    "  --count N        end after N requests, instead of after some time\n"
    "  --pid PID        the server: report its CPU time and memory\n";

static const struct mode {
    const char *name;
    void (*run)(const struct load_options *options);
} modes[] = {
    {"stream", load_stream},
    {"connect", load_connect},
    {"idle", load_idle},
    {"rpc", load_rpc},
};

enum option_code {
    OPTION_CONNECTIONS = 1,
    OPTION_DEPTH,
    OPTION_SIZE,
    OPTION_LINES,
    OPTION_REFILL,
    OPTION_EACH,
    OPTION_RPC,
    OPTION_SECONDS,
    OPTION_WARMUP,
    OPTION_COUNT,
    OPTION_PID,
};

static const struct option long_options[] = {
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"depth", required_argument, NULL, OPTION_DEPTH},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"lines", no_argument, NULL, OPTION_LINES},
    {"refill", no_argument, NULL, OPTION_REFILL},
    {"each", no_argument, NULL, OPTION_EACH},
    {"rpc", required_argument, NULL, OPTION_RPC},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"count", required_argument, NULL, OPTION_COUNT},
    {"pid", required_argument, NULL, OPTION_PID},
    {NULL, 0, NULL, 0},
};

_Noreturn static void misuse(void)
{
    fputs(usage, stderr);
    exit(2);
}

static uint64_t number(const char *text, uint64_t least)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*end != 0 || *text == '-' || value < least || value > UINT32_MAX)
        misuse();
    return value;
}

static double seconds(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (*end != 0 || !(value >= 0 && value <= 3600))
        misuse();
    return value;
}

static void set_option(struct load_options *options, int code, const char *value)
{
    switch ((enum option_code)code) {
    case OPTION_CONNECTIONS:
        options->connections = (unsigned)number(value, 1);
        return;
    case OPTION_DEPTH:
        options->depth = (unsigned)number(value, 1);
        return;
    case OPTION_SIZE:
        options->size = number(value, 1);
        return;
    case OPTION_LINES:
        options->lines = true;
        return;
    case OPTION_REFILL:
        options->refill = true;
        return;
    case OPTION_EACH:
        options->each = true;
        return;
    case OPTION_RPC:
        options->rpc = value;
        return;
    case OPTION_SECONDS:
        options->seconds = seconds(value);
        return;
    case OPTION_WARMUP:
        options->warmup = seconds(value);
        return;
    case OPTION_COUNT:
        options->count = number(value, 1);
        return;
    case OPTION_PID:
        options->pid = (pid_t)number(value, 1);
        return;
    }
    misuse();
}

static void print_port(void)
{
    struct endpoint endpoint;
    struct sockaddr_in name = {0};
    socklen_t length = sizeof(name);
    endpoint_parse(&endpoint, "127.0.0.1:0");
    int fd = endpoint_listen(&endpoint);
    if (getsockname(fd, (struct sockaddr *)&name, &length) == 0)
        printf("%d\n", ntohs(name.sin_port));
    close(fd);
}

static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    struct load_options options = {
        .connections = 1, .depth = 1, .size = 64, .seconds = 1, .warmup = 0.2, .rpc = "ping"};
    if (argc == 2 && strcmp(argv[1], "port") == 0) {
        print_port();
        return EXIT_SUCCESS;
    }
    for (int code; (code = getopt_long(argc, argv, "", long_options, NULL)) != -1;)
        set_option(&options, code, optarg);
    if (argc - optind != 2)
        misuse();
    endpoint_parse(&options.endpoint, argv[optind + 1]);
    raise_descriptors();
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(modes[i].name, argv[optind]) == 0) {
            modes[i].run(&options);
            return EXIT_SUCCESS;
        }
    misuse();
}
