/*
 * sockd-bench-bulk: a transfer of a fixed size, and what it cost.
 *
 * Prints one line of NAME=VALUE words, or fails: a transfer in which a byte was wrong has no
 * figures.
 */
#include "bulk.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: sockd-bench-bulk ROLE [OPTION…] ADDRESS\n"
    "       sockd-bench-bulk pipe [OPTION…] COMMAND [ARGUMENT…]\n"
    "\n"
    "  ROLE     far      the other side, for one transfer after another, until it is ended\n"
    "           direct   by a socket of its own\n"
    "           take     by a socket that the daemon connected and let go\n"
    "           stream   by libsockd: stream and write\n"
    "           pipe     by standard input and output of a command\n"
    "  ADDRESS  127.0.0.1:PORT, of the far end\n"
    "\n"
    "  --down MIB      from the far end; default 0\n"
    "  --up MIB        to the far end; default 0\n"
    "  --control PATH  the daemon's socket\n"
    "  --pid PID       the daemon: report its CPU time\n";

static const struct role {
    const char *name;
    void (*run)(const struct bulk_options *options);
} roles[] = {
    {"far", bulk_far},       {"direct", bulk_direct}, {"take", bulk_take},
    {"stream", bulk_stream}, {"pipe", bulk_pipe},
};

enum option_code { OPTION_DOWN = 1, OPTION_UP, OPTION_CONTROL, OPTION_PID };

static const struct option long_options[] = {
    {"down", required_argument, NULL, OPTION_DOWN},
    {"up", required_argument, NULL, OPTION_UP},
    {"control", required_argument, NULL, OPTION_CONTROL},
    {"pid", required_argument, NULL, OPTION_PID},
    {NULL, 0, NULL, 0},
};

_Noreturn static void misuse(void)
{
    fputs(usage, stderr);
    exit(2);
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*text == 0 || *end != 0 || *text == '-' || value > INT32_MAX)
        misuse();
    return value;
}

static void set_option(struct bulk_options *options, int code, const char *value)
{
    switch ((enum option_code)code) {
    case OPTION_DOWN:
        options->down = number(value) << 20;
        return;
    case OPTION_UP:
        options->up = number(value) << 20;
        return;
    case OPTION_CONTROL:
        options->control = value;
        return;
    case OPTION_PID:
        options->pid = (pid_t)number(value);
        return;
    }
    misuse();
}

static const struct role *find_role(const char *name)
{
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    misuse();
}

int main(int argc, char **argv)
{
    struct bulk_options options = {.address = NULL};
    if (argc < 2)
        misuse();
    const struct role *role = find_role(argv[1]);
    argc--, argv++;
    for (int code; (code = getopt_long(argc, argv, "+", long_options, NULL)) != -1;)
        set_option(&options, code, optarg);
    if (argc == optind || (role->run != bulk_pipe && argc - optind > 1))
        misuse();
    options.address = argv[optind];
    options.command = argv + optind;
    signal(SIGPIPE, SIG_IGN);
    role->run(&options);
    return EXIT_SUCCESS;
}
