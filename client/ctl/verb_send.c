/*
 * send, write and syswrite: data from the command line, or from standard input in pieces.
 *
 * send without --once sends all of it, by way of write; with --once, or with flags, it is the one
 * send(2) that the method is.
 */
#include "client/ctl/interrupt.h"
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/progress.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Standard input is passed on as it comes, in pieces of at most so many bytes. */
enum { PIECE = 1024 * 1024 };

/* One command that sends. */
struct sending {
    struct ctl *ctl;
    const struct command *command;
    const struct method *method;
    struct sockd_args *args;
    struct progress progress;
};

/* Sends one piece. 0, or an exit status after a message. */
static int send_piece(struct sending *sending, const struct sockd_bytes *data)
{
    struct ctl *ctl = sending->ctl;
    const struct sockd_value *value;
    int64_t count = 0;

    sockd_args_clear(sending->args);
    int status = params_build(ctl, sending->command, sending->method, data, sending->args);
    if (!status)
        status = remote_call(ctl, sending->method->name, sending->method, sending->args, &value);
    if (status)
        return status;
    sockd_value_int(value, &count);
    ctl->sent += (uint64_t)count;
    progress_update(&sending->progress, ctl->sent, 0);
    return 0;
}

/* Reads until the piece is full or standard input ends; without all, what comes at once. The size,
 * or a negative errno. */
static ssize_t read_input(char *piece, size_t room, bool all)
{
    size_t size = 0;

    while (size < room && (all || size == 0)) {
        if (!interrupt_wait_readable(STDIN_FILENO))
            return -EINTR;
        ssize_t count = read(STDIN_FILENO, piece + size, room - size);
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        if (count == 0)
            break;
        size += count > 0 ? (size_t)count : 0;
    }
    return (ssize_t)size;
}

static int input_failed(const struct ctl *ctl, int error)
{
    return error == -EINTR ? CTL_INTERRUPTED : report_local(ctl, "standard input", error);
}

/* One call sends one piece: standard input must be one, whole. */
static int send_input_once(struct sending *sending, char *piece)
{
    ssize_t size = read_input(piece, PIECE, true);

    if (size < 0)
        return input_failed(sending->ctl, (int)size);
    return send_piece(sending, &(struct sockd_bytes){piece, (size_t)size});
}

static int send_input_all(struct sending *sending, char *piece)
{
    int status = 0;

    while (!status) {
        ssize_t size = read_input(piece, PIECE, false);
        if (size < 0)
            return input_failed(sending->ctl, (int)size);
        if (size == 0)
            break;
        status = send_piece(sending, &(struct sockd_bytes){piece, (size_t)size});
    }
    return status;
}

static bool sends_all(const struct sending *sending)
{
    return sending->method == &methods[METHOD_write];
}

static int send_input(struct sending *sending)
{
    char *piece = malloc(PIECE);

    if (!piece)
        return report_memory(sending->ctl);
    int status =
        sends_all(sending) ? send_input_all(sending, piece) : send_input_once(sending, piece);
    free(piece);
    return status;
}

static int send_any(struct sending *sending)
{
    const char *data = params_text(sending->command, sending->method, "data");

    if (data && strcmp(data, "-") == 0)
        return send_input(sending);
    return send_piece(sending, NULL);
}

/* Calls the method; how many bytes went out is printed unless it is all of them anyway. */
static int run_method(struct ctl *ctl, const struct command *command, const struct method *method,
                      bool quiet)
{
    struct sending sending = {
        .ctl = ctl,
        .command = command,
        .method = method,
        .args = sockd_args_new(),
    };

    if (!sending.args)
        return report_memory(ctl);
    progress_init(&sending.progress, command_has(command, "progress"));
    int status = send_any(&sending);
    progress_end(&sending.progress, ctl->sent, 0);
    sockd_args_free(sending.args);
    if (status)
        return status;
    if (ctl->json)
        return output_json(ctl, json_pack("{s:I}", "sent", (json_int_t)ctl->sent));
    if (!quiet)
        printf("%llu\n", (unsigned long long)ctl->sent);
    return 0;
}

static int run(struct ctl *ctl, const struct command *command)
{
    return run_method(ctl, command, command->method, false);
}

static int run_send(struct ctl *ctl, const struct command *command)
{
    bool once = command_has(command, "once") || params_text(command, command->method, "flags");

    if (once)
        return run(ctl, command);
    return run_method(ctl, command, &methods[METHOD_write], true);
}

#define ESCAPES                                         \
    {                                                   \
        "escapes", NULL, 'e', "DATA may have C escapes" \
    }
#define DATA_DOC "; DATA is taken as it is, - is standard input"

const struct verb verb_send = {
    .name = "send",
    .method = "send",
    .arguments = "HANDLE DATA|-",
    .doc = "Sends all of DATA" DATA_DOC,
    .options = {ESCAPES,
                {"once", NULL, 0, "send what one send(2) takes, and say how much"},
                PROGRESS_OPTION},
    .run = run_send,
};

const struct verb verb_write = {
    .name = "write",
    .method = "write",
    .arguments = "HANDLE DATA|- [TIMEOUT]",
    .doc = "Sends all of DATA and says how much it was" DATA_DOC,
    .options = {ESCAPES, PROGRESS_OPTION},
    .run = run,
};

const struct verb verb_syswrite = {
    .name = "syswrite",
    .method = "syswrite",
    .arguments = "HANDLE DATA|-",
    .doc = "Writes what one write(2) takes and says how much" DATA_DOC,
    .options = {ESCAPES},
    .run = run,
};
