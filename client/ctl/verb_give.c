/*
 * give: a socket of the shell's for the daemon.
 */
#include "client/ctl/output.h"
#include "client/ctl/pass.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool read_fd(const char *text, int *fd)
{
    char *end;
    long number = strtol(text, &end, 10);

    *fd = (int)number;
    return end != text && *end == 0 && number >= 0 && number == *fd;
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
    char *end = NULL;

    *settings = (struct sockd_settings){
        .name = command_option(command, "name"),
        .share = command_option(command, "share"),
        .lifetime = command_option(command, "lifetime"),
        .ttl = ttl ? strtod(ttl, &end) : 0,
    };
    return !ttl || (end != ttl && *end == 0 && settings->ttl > 0);
}

static int give(struct ctl *ctl, int fd, const struct sockd_settings *settings)
{
    uint64_t id;

    if (sockd_give(ctl->client, fd, settings, &id) < 0)
        return report_error(ctl);
    if (ctl->json)
        return output_json(ctl, json_pack("{s:I}", "id", (json_int_t)id));
    printf("%" PRIu64 "\n", id);
    return 0;
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct sockd_settings settings;
    int fd;

    if (command->count != 1 || !read_fd(command->arguments[0], &fd))
        return report_usage(ctl->verb, "expected the number of a descriptor");
    if (!read_settings(command, &settings))
        return report_usage(ctl->verb, "--ttl: expected a number of seconds above 0");
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
