/*
 * attach: a socket at the terminal, or in a pipe, for as long as one likes.
 */
#include "client/ctl/joint.h"
#include "client/ctl/report.h"
#include "client/ctl/terminal.h"
#include "client/ctl/verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char default_key[] = "^]";

static bool parse_eof(const char *text, enum joint_eof *eof)
{
    static const char *const names[] = {
        [JOINT_SHUTDOWN] = "shutdown", [JOINT_CLOSE] = "close", [JOINT_KEEP] = "keep"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *eof = (enum joint_eof)i;
            return true;
        }
    }
    return false;
}

static int read_options(struct joint *joint, const struct command *command)
{
    const char *eof = command_option(command, "eof");
    const char *key = command_option(command, "detach-key");

    if (eof && !parse_eof(eof, &joint->eof))
        return report_usage(joint->ctl->verb, "--eof %s: expected shutdown, close or keep", eof);
    if (!terminal_parse_key(key ? key : default_key, &joint->key))
        return report_usage(joint->ctl->verb, "--detach-key %s: expected ^X, one character or none",
                            key);
    joint->progress = command_has(command, "progress");
    return 0;
}

static int run_at_terminal(struct joint *joint, const char *key)
{
    int error = terminal_start(joint->ctl->raw, joint->key);

    if (error)
        return report_local(joint->ctl, "standard input", error);
    if (joint->key != TERMINAL_NO_KEY && isatty(STDERR_FILENO))
        fprintf(stderr, "(%s detaches)\r\n", key ? key : default_key);
    int status = joint_run(joint);
    terminal_end();
    return status;
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct joint joint = {
        .ctl = ctl,
        .has_input = true,
        .is_terminal = terminal_is_input(),
        .key = TERMINAL_NO_KEY,
    };

    if (command->count != 1 || ctl->json)
        return report_usage(ctl->verb, "expected a handle, and no --json");
    joint.handle = command->arguments[0];
    int status = read_options(&joint, command);
    if (status)
        return status;
    if (joint.is_terminal)
        return run_at_terminal(&joint, command_option(command, "detach-key"));
    return joint_run(&joint);
}

const struct verb verb_attach = {
    .name = "attach",
    .arguments = "HANDLE",
    .doc = "Joins standard input and output to a socket; with --raw key by key",
    .options =
        {
            {"eof", "MODE", 0,
             "when standard input ends: shutdown the socket's sending side (unless told otherwise),"
             "\n      close it, or keep it as it is"},
            {"detach-key", "KEY", 0, "leaves the socket as it is, on a terminal: ^] or another"},
            PROGRESS_OPTION,
        },
    .run = run,
};
