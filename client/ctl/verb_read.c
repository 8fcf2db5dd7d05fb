/*
 * read HANDLE WHAT: data up to a limit or a delimiter. That the stream ended before is seen by the
 * answer, which is then shorter than what was asked for.
 */
#include "client/args_private.h"
#include "client/ctl/long_read.h"
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/progress.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/slow_read.h"
#include "client/ctl/verbs.h"
#include "protocol/args.h"

#include <string.h>

static bool ends_with(const char *data, size_t size, const char *end, size_t end_size)
{
    return size >= end_size && memcmp(data + size - end_size, end, end_size) == 0;
}

/* Whether the data is all that was asked for. */
static bool is_complete(const struct arg_what *what, const char *data, size_t size)
{
    struct view delimiter = what->delimiter;
    const char *end;
    size_t end_size;

    if (what->has_limit && size >= what->limit)
        return true;
    for (uint32_t i = 0; i < what->delimiters; i++) {
        if (view_bytes(&delimiter, &end, &end_size) && ends_with(data, size, end, end_size))
            return true;
    }
    return false;
}

/* What was asked for, read back from the parameters: there it is exact, escapes undone. */
static struct arg_what asked_for(const struct sockd_args *args)
{
    const struct method *method = &methods[METHOD_read];
    struct args_error error;
    struct args parsed;
    uint32_t count;

    args_count(args, &count);
    struct view view = view_of(args->writer.data, args->writer.size);
    args_parse(&parsed, method, view, count, &error);
    return parsed.arg[1].what;
}

static int print(struct ctl *ctl, const struct sockd_args *args, const struct sockd_value *value)
{
    const struct arg_what what = asked_for(args);
    const char *data = "";
    size_t size = 0;

    sockd_value_data(value, &data, &size);
    int status = output_result(ctl, METHOD_RESULT_BYTES, value);
    return status || is_complete(&what, data, size) ? status : CTL_END;
}

static int call(struct ctl *ctl, const struct command *command, const struct sockd_args *args)
{
    const struct method *method = command->method;
    const struct sockd_value *value;

    if (command_has(command, "progress"))
        return slow_read(ctl, params_text(command, method, "h"), args, print);
    int status = remote_call(ctl, method->name, method, args, &value);
    return status ? status : print(ctl, args, value);
}

static int run(struct ctl *ctl, const struct command *command)
{
    if (long_read_wanted(command))
        return long_read(ctl, command);
    struct sockd_args *args = sockd_args_new();

    if (!args)
        return report_memory(ctl);
    int status = params_build(ctl, command, command->method, NULL, args);
    if (!status)
        status = call(ctl, command, args);
    sockd_args_free(args);
    return status;
}

const struct verb verb_read = {
    .name = "read",
    .method = "read",
    .arguments = "HANDLE [WHAT]",
    .doc = "Reads up to WHAT: all digits are a number of bytes, anything else is a delimiter",
    .options =
        {
            {"limit", "N", 0, "read N bytes at most"},
            {"until", "STR", 0, "read through STR, which may have C escapes; may be repeated"},
            PROGRESS_OPTION,
        },
    .run = run,
};
