/*
 * __complete: what the completions of bash, zsh and fish ask.
 */
#include "client/ctl/complete.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

static int run(struct ctl *ctl, const struct command *command)
{
    if (command->count == 0)
        return report_usage(ctl->verb, "expected -- and the words of a command line");
    complete_print(ctl, command->arguments, command->count);
    return 0;
}

const struct verb verb_complete = {
    .name = "__complete",
    .arguments = "-- WORD ...",
    .doc = "Prints what may follow on a command line",
    .run = run,
};
