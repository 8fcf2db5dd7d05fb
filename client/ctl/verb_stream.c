/*
 * stream: what a socket receives, as it comes.
 */
#include "base/numeral.h"
#include "client/ctl/joint.h"
#include "client/ctl/params.h"
#include "client/ctl/report.h"
#include "client/ctl/terminal.h"
#include "client/ctl/verbs.h"

static int run_stream(struct ctl *ctl, const struct command *command)
{
    const char *credit = params_text(command, command->method, "credit");
    struct joint joint = {
        .ctl = ctl,
        .handle = params_text(command, command->method, "h"),
        .key = TERMINAL_NO_KEY,
        .progress = command_has(command, "progress"),
    };

    if (credit && (numeral_unsigned(credit, INT64_MAX, &joint.limit) || joint.limit == 0))
        return report_usage(ctl->verb, "credit: expected a number of bytes above 0, got %s",
                            credit);
    return joint_run(&joint);
}

/* The parameters are checked as for any method; they are used in another way. */
static int run(struct ctl *ctl, const struct command *command)
{
    struct sockd_args *args = sockd_args_new();

    if (!args)
        return report_memory(ctl);
    int status = params_build(ctl, command, command->method, NULL, args);
    sockd_args_free(args);
    return status ? status : run_stream(ctl, command);
}

const struct verb verb_stream = {
    .name = "stream",
    .method = "sockd.stream",
    .arguments = "HANDLE [CREDIT]",
    .doc = "Prints what a socket receives until its end, or until CREDIT bytes",
    .options = {PROGRESS_OPTION},
    .run = run,
};
