/*
 * take --exec: a socket becomes the standard input and output of a command, and is the daemon's no
 * more.
 */
#include "base/numeral.h"
#include "client/ctl/output.h"
#include "client/ctl/pass.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"
#include "protocol/args.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int pass_connect(struct ctl *ctl)
{
    if (ctl->host)
        return report_usage(ctl->verb, "descriptors do not travel to another machine");
    return remote_connect(ctl);
}

static int find_handle(struct ctl *ctl, const char *text, uint64_t *handle)
{
    *handle = 0;
    if (numeral_unsigned(text, INT64_MAX, handle) == NUMERAL_FINE && *handle > 0)
        return 0;
    if (!args_is_reference(text, strlen(text)))
        return report_usage(ctl->verb, "%s: expected %s", text,
                            methods_type_expected(METHOD_TYPE_HANDLE));
    return sockd_find(ctl->client, text, handle) < 0 ? report_error(ctl) : 0;
}

/* The command would never see what the daemon has read already. */
static int refuse_read_ahead(const struct ctl *ctl, int64_t size)
{
    fprintf(stderr,
            "sockctl: %s: %" PRId64 " bytes are read ahead, which the command would not get: read "
            "them first\n",
            ctl->verb, size);
    return CTL_REFUSED;
}

static int check_read_ahead(struct ctl *ctl, uint64_t handle)
{
    const struct sockd_value *info;
    int64_t size = 0;

    if (sockd_info(ctl->client, handle, &info) < 0)
        return report_error(ctl);
    sockd_value_int(sockd_value_get(info, "read_ahead"), &size);
    return size > 0 ? refuse_read_ahead(ctl, size) : 0;
}

/* The command is not to be had: the daemon gets the socket back, under another number. */
static int give_back(struct ctl *ctl, int fd, int status)
{
    uint64_t id;

    if (sockd_give(ctl->client, fd, NULL, &id) < 0)
        return report_error(ctl);
    fprintf(stderr, "sockctl: %s: the socket is with the daemon again, as %" PRIu64 "\n", ctl->verb,
            id);
    close(fd);
    return status;
}

/* Programs expect descriptors that wait. */
static int become(struct ctl *ctl, int fd, char **words)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    int output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (dup2(fd, STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
        execvp(words[0], words);
    int error = errno;
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    return give_back(ctl, fd, report_local(ctl, words[0], -error));
}

static int take(struct ctl *ctl, uint64_t handle, char **words)
{
    struct sockd_taken taken;

    if (sockd_take(ctl->client, handle, &taken) < 0)
        return report_error(ctl);
    if (taken.data.size == 0)
        return become(ctl, taken.fd, words);
    /* Somebody else has read since the check. What came is shown, so that it is not lost. */
    output_bytes(ctl, taken.data.data, taken.data.size);
    return give_back(ctl, taken.fd, refuse_read_ahead(ctl, (int64_t)taken.data.size));
}

/* The words behind the handle, ended by NULL as execvp(3) wants them. */
static char **words_of(const struct command *command)
{
    size_t count = (size_t)command->count - 1;
    char **words = calloc(count + 1, sizeof *words);

    if (words)
        memcpy(words, command->arguments + 1, count * sizeof *words);
    return words;
}

static int run(struct ctl *ctl, const struct command *command)
{
    uint64_t handle;

    if (command->count < 2 || !command_has(command, "exec"))
        return report_usage(ctl->verb, "expected a handle, --exec and a command");
    int status = pass_connect(ctl);
    if (!status)
        status = find_handle(ctl, command->arguments[0], &handle);
    if (!status)
        status = check_read_ahead(ctl, handle);
    if (status)
        return status;
    char **words = words_of(command);
    status = words ? take(ctl, handle, words) : report_memory(ctl);
    free(words);
    return status;
}

const struct verb verb_take = {
    .name = "take",
    .arguments = "HANDLE --exec COMMAND [ARGUMENT ...]",
    .doc = "Runs a command with the socket as its standard input and output; the daemon's handle "
           "is gone",
    .options = {{"exec", NULL, 0, "what follows is the command"}},
    .last = "exec",
    .run = run,
};
