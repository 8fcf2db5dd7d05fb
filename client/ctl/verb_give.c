/*
 * give: a socket of the shell's for the daemon.
 */
#include "base/numeral.h"
#include "client/ctl/output.h"
#include "client/ctl/pass.h"
#include "client/ctl/report.h"
#include "client/ctl/standard.h"
#include "client/ctl/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static bool read_fd(const char *text, int *fd)
{
    uint64_t number = 0;
    bool right = numeral_unsigned(text, INT_MAX, &number) == NUMERAL_FINE;

    *fd = (int)number;
    return right;
}

/* Of the shell's, that is; asked before anything of our own is open. */
static int check_open(struct ctl *ctl, const char *text, int fd)
{
    char what[64];

    if (fcntl(fd, F_GETFD) >= 0)
        return 0;
    snprintf(what, sizeof what, "descriptor %.40s", text);
    return report_local(ctl, what, -errno);
}

static bool read_settings(const struct command *command, struct sockd_settings *settings)
{
    const char *ttl = command_option(command, "ttl");
    bool right = true;

    *settings = (struct sockd_settings){
        .name = command_option(command, "name"),
        .share = command_option(command, "share"),
        .lifetime = command_option(command, "lifetime"),
    };
    if (ttl)
        right = numeral_real(ttl, &settings->ttl) == NUMERAL_FINE && settings->ttl > 0;
    return right;
}

/* Whether standard output is that very socket, as within take --exec: what is printed would go
 * through it. */
static bool is_output(int fd)
{
    struct stat given, output;

    return fstat(fd, &given) == 0 && fstat(STDOUT_FILENO, &output) == 0 &&
           given.st_dev == output.st_dev && given.st_ino == output.st_ino;
}

/* Where standard output is no place for the number. */
static void tell_number(const struct ctl *ctl, uint64_t id)
{
    fprintf(stderr, "sockctl: %s: the socket is with the daemon, as %" PRIu64 "\n", ctl->verb, id);
}

static int print_number(struct ctl *ctl, uint64_t id)
{
    int status = 0;

    if (ctl->json)
        status = output_json(ctl, json_pack("{s:I}", "id", (json_int_t)id));
    else
        printf("%" PRIu64 "\n", id);
    output_flush(ctl);
    if (status || ctl->output_error)
        tell_number(ctl, id);
    return status;
}

static int give(struct ctl *ctl, int fd, const struct sockd_settings *settings)
{
    bool silent = is_output(fd);
    int error = silent ? 0 : standard_check_output();
    uint64_t id;

    if (error)
        return report_local(ctl, "standard output", error);
    if (sockd_give(ctl->client, fd, settings, &id) < 0)
        return report_error(ctl);
    if (!silent)
        return print_number(ctl, id);
    tell_number(ctl, id);
    return 0;
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct sockd_settings settings;
    int fd;

    if (command->count != 1 || !read_fd(command->arguments[0], &fd))
        return report_usage(ctl->verb, "expected the number of a descriptor%s%s",
                            command->count == 1 ? ", got " : "",
                            command->count == 1 ? command->arguments[0] : "");
    if (!read_settings(command, &settings))
        return report_usage(ctl->verb, "--ttl %s: expected a number of seconds above 0",
                            command_option(command, "ttl"));
    signal(SIGPIPE, SIG_IGN); /* the number would be lost */
    int status = check_open(ctl, command->arguments[0], fd);
    if (!status)
        status = pass_connect(ctl);
    return status ? status : give(ctl, fd, &settings);
}

const struct verb verb_give = {
    .name = "give",
    .method = "sockd.give",
    .arguments = "FD",
    .doc = "Gives the daemon a socket that the shell has open as FD: 0, or 3 after exec 3<>...; "
           "prints its handle",
    .run = run,
};
