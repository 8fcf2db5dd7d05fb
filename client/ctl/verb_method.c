/*
 * Any method of the table as a command: its parameters in their order, its result as it is.
 */
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

static int call(struct ctl *ctl, const struct method *method, const struct sockd_args *args)
{
    const struct sockd_value *value;
    int status = remote_call(ctl, method->name, method, args, &value);

    return status ? status : output_result(ctl, method->result, value);
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct sockd_args *args = sockd_args_new();

    if (!args)
        return report_memory(ctl);
    int status = params_build(ctl, command, command->method, NULL, args);
    if (!status)
        status = call(ctl, command->method, args);
    sockd_args_free(args);
    return status;
}

const struct verb verb_method = {.run = run};
