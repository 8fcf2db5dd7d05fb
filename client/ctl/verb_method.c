/*
 * Any method of the table as a command: its parameters in their order, its result as it is.
 */
#include "base/numeral.h"
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

#include <stdlib.h>

/* Nothing, where any number of bytes would have done, is the end of the stream. */
static bool is_end(const struct command *command, const struct sockd_value *value)
{
    const char *size = params_text(command, command->method, "size");
    const char *data;
    size_t count;
    uint64_t wanted = 1;

    if (size)
        numeral_unsigned(size, UINT64_MAX, &wanted);
    return command->method->result == METHOD_RESULT_BYTES &&
           sockd_value_data(value, &data, &count) && count == 0 && wanted > 0;
}

static int call(struct ctl *ctl, const struct command *command, const struct sockd_args *args)
{
    const struct method *method = command->method;
    const struct sockd_value *value;
    int status = remote_call(ctl, method->name, method, args, &value);

    if (status)
        return status;
    status = output_result(ctl, method->result, value);
    return !status && is_end(command, value) ? CTL_END : status;
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct sockd_args *args = sockd_args_new();

    if (!args)
        return report_memory(ctl);
    int status = params_build(ctl, command, command->method, NULL, args);
    if (!status)
        status = call(ctl, command, args);
    sockd_args_free(args);
    return status;
}

const struct verb verb_method = {.run = run};
