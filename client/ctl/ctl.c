/*
 * One run of sockctl. See ctl.h.
 */
#include "client/ctl/ctl.h"

#include "client/ctl/command.h"
#include "client/ctl/help.h"
#include "client/ctl/output.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

/* Reads the command line and does what it says. */
static int run_line(struct ctl *ctl, struct command *command, int argc, char **argv)
{
    int status = command_parse(command, ctl, argc, argv);

    if (status)
        return status;
    if (ctl->version) {
        report_version();
        return output_finish(ctl, CTL_DONE);
    }
    if (ctl->help) {
        help_print(command, ctl->verb);
        return output_finish(ctl, CTL_DONE);
    }
    status = command->verb->run(ctl, command);
    return output_finish(ctl, status);
}

int ctl_run(int argc, char **argv)
{
    struct ctl ctl = {.verb = NULL};
    struct command command;
    int status = run_line(&ctl, &command, argc, argv);

    remote_end(&ctl);
    command_free(&command);
    return status;
}
