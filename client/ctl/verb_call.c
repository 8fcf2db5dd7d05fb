/*
 * call METHOD [JSON…]: any method of the daemon, known here or not.
 */
#include "client/ctl/json.h"
#include "client/ctl/output.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

#include <string.h>

static int add_arguments(struct ctl *ctl, const struct command *command, struct sockd_args *args)
{
    json_error_t error;

    for (int i = 1; i < command->count; i++) {
        if (!json_add(args, command->arguments[i], &error))
            return report_usage(ctl->verb, "%s: not JSON: %s", command->arguments[i], error.text);
    }
    return 0;
}

static int call(struct ctl *ctl, const char *name, const struct sockd_args *args)
{
    const struct method *method = methods_find(name, strlen(name));
    const struct sockd_value *value;
    int status = remote_call(ctl, name, NULL, args, &value);

    return status ? status : output_result(ctl, method ? method->result : METHOD_RESULT_ANY, value);
}

static int run(struct ctl *ctl, const struct command *command)
{
    if (command->count == 0)
        return report_usage(ctl->verb, "which method?");
    struct sockd_args *args = sockd_args_new();
    if (!args)
        return report_memory(ctl);
    int status = add_arguments(ctl, command, args);
    if (!status)
        status = call(ctl, command->arguments[0], args);
    sockd_args_free(args);
    return status;
}

const struct verb verb_call = {
    .name = "call",
    .arguments = "METHOD [JSON ...]",
    .doc = "Calls any method with parameters in JSON; bytes are {\"base64\": \"...\"}",
    .run = run,
};
