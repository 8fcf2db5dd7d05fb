/*
 * A method's parameters from the command line. See params.h.
 */
#include "client/ctl/params.h"

#include "base/numeral.h"
#include "client/args_private.h"
#include "client/ctl/caller_path.h"
#include "client/ctl/escape.h"
#include "client/ctl/json.h"
#include "client/ctl/report.h"
#include "protocol/args.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is at hand while one command's parameters are built. */
struct builder {
    struct ctl *ctl;
    const struct command *command;
    const struct method *method;
    const struct sockd_bytes *data;
    struct sockd_args *args;
};

static int wrong(const struct builder *builder, const struct method_param *param, const char *text)
{
    return report_usage(builder->ctl->verb, "%s: expected %s%s%s", param->name,
                        methods_type_expected(param->type), text ? ", got " : "", text ? text : "");
}

static bool read_integer(const char *text, int64_t *number)
{
    *number = 0;
    return numeral_signed(text, INT64_MIN, INT64_MAX, number) == NUMERAL_FINE;
}

static bool read_seconds(const char *text, double *seconds)
{
    *seconds = 0;
    return numeral_real(text, seconds) == NUMERAL_FINE;
}

/* A number if that is what it looks like, else text. */
static void add_number_or_text(struct sockd_args *args, const char *text)
{
    int64_t number;

    if (read_integer(text, &number))
        sockd_args_int(args, number);
    else
        sockd_args_text(args, text);
}

void params_put_handle(struct sockd_args *args, const char *text)
{
    add_number_or_text(args, text);
}

static bool add_integer(struct sockd_args *args, const char *text)
{
    int64_t number;

    if (!read_integer(text, &number))
        return false;
    sockd_args_int(args, number);
    return true;
}

static bool add_bool(struct sockd_args *args, const char *text)
{
    bool truth = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;

    if (!truth && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
        return false;
    sockd_args_bool(args, truth);
    return true;
}

/* No timeout at all is said by nil on the wire. */
static bool add_timeout(struct sockd_args *args, const char *text)
{
    double seconds;

    if (!read_seconds(text, &seconds))
        return false;
    if (isinf(seconds))
        sockd_args_nil(args);
    else
        sockd_args_double(args, seconds);
    return true;
}

/* The names of several flags are parted by commas or bars. */
static bool add_flags(struct sockd_args *args, const char *text)
{
    static const char separators[] = ",|";
    uint32_t count = 1;

    if (!strpbrk(text, separators)) {
        add_number_or_text(args, text);
        return true;
    }
    for (const char *at = text; (at = strpbrk(at, separators)); at++)
        count++;
    sockd_args_array(args, count);
    for (; count > 0; count--) {
        size_t size = strcspn(text, separators);
        sockd_args_str(args, text, size);
        text += size + 1;
    }
    return true;
}

/* Text with C escapes. False if there are wrong ones. */
static bool add_escaped(struct sockd_args *args, const char *text)
{
    char *copy = strdup(text);
    size_t size;
    bool right = copy && escape_decode(copy, &size);

    if (right)
        sockd_args_bytes(args, copy, size);
    free(copy);
    return right;
}

static bool add_data(const struct builder *builder, const char *text)
{
    if (command_has(builder->command, "escapes"))
        return add_escaped(builder->args, text);
    sockd_args_bytes(builder->args, text, strlen(text));
    return true;
}

/* A unix socket's path is text whatever it looks like. */
static bool add_port(const struct builder *builder, const char *text)
{
    const char *host = params_text(builder->command, builder->method, "host");

    if (host && strcmp(host, "unix/") == 0)
        sockd_args_text(builder->args, text);
    else
        add_number_or_text(builder->args, text);
    return true;
}

static void add_host(struct sockd_args *args, const char *text)
{
    if (strcmp(text, "0") == 0)
        sockd_args_int(args, 0);
    else
        sockd_args_text(args, text);
}

static bool add_json(const struct builder *builder, const char *text)
{
    json_error_t error;

    if (json_add(builder->args, text, &error))
        return true;
    report_usage(builder->ctl->verb, "%s: not JSON: %s", text, error.text);
    return false;
}

/* What is JSON is what it says, anything else is text: an option's value is 1, true or eth0. */
static void add_value(struct sockd_args *args, const char *text)
{
    json_error_t error;

    if (!json_add(args, text, &error))
        sockd_args_text(args, text);
}

static uint32_t count_options(const struct command *command, const char *name)
{
    uint32_t count = 0;

    for (int i = 0; i < command->options; i++)
        count += strcmp(command->option[i].name, name) == 0;
    return count;
}

/* The delimiters: those of --until, in order, and what was typed in its place if that is one. */
static bool add_delimiters(const struct builder *builder, const char *typed, uint32_t count)
{
    const struct command *command = builder->command;
    bool right = true;

    sockd_args_text(builder->args, "delimiter");
    sockd_args_array(builder->args, count);
    if (typed)
        right = add_escaped(builder->args, typed);
    for (int i = 0; right && i < command->options; i++) {
        if (strcmp(command->option[i].name, "until") == 0)
            right = add_escaped(builder->args, command->option[i].value);
    }
    return right;
}

/* What read reads until: all digits are a limit, anything else a delimiter. */
static bool add_what(const struct builder *builder, const char *typed)
{
    const char *limit = command_option(builder->command, "limit");
    uint32_t delimiters = count_options(builder->command, "until");

    if (typed && numeral_is_digits(typed) && !limit) {
        limit = typed;
        typed = NULL;
    }
    delimiters += typed != NULL;
    sockd_args_map(builder->args, (limit != NULL) + (delimiters > 0));
    if (limit) {
        sockd_args_text(builder->args, "limit");
        if (!add_integer(builder->args, limit))
            return false;
    }
    return delimiters == 0 || add_delimiters(builder, typed, delimiters);
}

/* Appends one parameter; false, perhaps after a message, if it cannot be one. */
static bool add_typed(const struct builder *builder, enum method_type type, const char *text)
{
    struct sockd_args *args = builder->args;

    switch (type) {
    case METHOD_TYPE_HANDLE:
    case METHOD_TYPE_SERVICE:
    case METHOD_TYPE_SYMBOL:
    case METHOD_TYPE_EVENTS:
        add_number_or_text(args, text);
        return true;
    case METHOD_TYPE_VALUE:
        add_value(args, text);
        return true;
    case METHOD_TYPE_HOST:
        add_host(args, text);
        return true;
    case METHOD_TYPE_PORT:
        return add_port(builder, text);
    case METHOD_TYPE_BYTES:
        return add_data(builder, text);
    case METHOD_TYPE_WHAT:
        return add_what(builder, text);
    case METHOD_TYPE_SIZE:
    case METHOD_TYPE_AMOUNT:
    case METHOD_TYPE_INT:
    case METHOD_TYPE_MSGID:
        return add_integer(args, text);
    case METHOD_TYPE_BOOL:
        return add_bool(args, text);
    case METHOD_TYPE_STR:
    case METHOD_TYPE_NAMES:
    case METHOD_TYPE_HANDLER:
        sockd_args_text(args, text);
        return true;
    case METHOD_TYPE_FLAGS:
        return add_flags(args, text);
    case METHOD_TYPE_TIMEOUT:
        return add_timeout(args, text);
    case METHOD_TYPE_MAP:
    case METHOD_TYPE_REST:
        return add_json(builder, text);
    case METHOD_TYPE_COUNT:
        break;
    }
    return false;
}

const char *params_text(const struct command *command, const struct method *method,
                        const char *name)
{
    int position = methods_param(method, name, strlen(name));
    const char *text = command_option(command, name);

    if (!text && position >= 0 && position < command->count)
        text = command->arguments[position];
    return text;
}

/* Whether there is something for a parameter; text is what was typed for it. */
static bool is_given(const struct builder *builder, const struct method_param *param,
                     const char **text)
{
    *text = params_text(builder->command, builder->method, param->name);
    if (strcmp(param->name, "timeout") == 0 && builder->ctl->timeout)
        *text = builder->ctl->timeout;
    if (param->type == METHOD_TYPE_BYTES && builder->data)
        return true;
    if (param->type == METHOD_TYPE_WHAT && !*text)
        return command_has(builder->command, "until") || command_has(builder->command, "limit");
    return *text != NULL;
}

static int add_text(const struct builder *builder, const struct method_param *param,
                    const char *text)
{
    char *path = NULL;
    int error =
        text ? caller_path(builder->ctl, builder->command, builder->method, param, text, &path) : 0;
    if (error)
        return report_local(builder->ctl, "the working directory", error);
    bool right = add_typed(builder, param->type, path ? path : text);
    free(path);
    return right ? 0 : wrong(builder, param, text);
}

static int add_param(const struct builder *builder, const struct method_param *param)
{
    const char *text;

    if (!is_given(builder, param, &text)) {
        if (param->required)
            return report_usage(builder->ctl->verb, "%s is missing", param->name);
        sockd_args_nil(builder->args);
    } else if (param->type == METHOD_TYPE_BYTES && builder->data) {
        sockd_args_bytes(builder->args, builder->data->data, builder->data->size);
    } else {
        return add_text(builder, param, text);
    }
    return 0;
}

/* All arguments from that position on are values of their own. */
static int add_rest(const struct builder *builder, int position)
{
    for (int i = position; i < builder->command->count; i++) {
        if (!add_json(builder, builder->command->arguments[i]))
            return CTL_USAGE;
    }
    return 0;
}

static int add_params(const struct builder *builder)
{
    for (int i = 0; i < builder->method->count; i++) {
        const struct method_param *param = &builder->method->params[i];
        if (param->type == METHOD_TYPE_REST)
            return add_rest(builder, i);
        int status = add_param(builder, param);
        if (status)
            return status;
    }
    if (builder->command->count > builder->method->count)
        return report_usage(builder->ctl->verb, "too many arguments");
    return 0;
}

static bool has_timeout_param(const struct method *method)
{
    for (unsigned i = 0; i < method->count; i++) {
        if (method->params[i].type == METHOD_TYPE_TIMEOUT)
            return true;
    }
    return false;
}

/* What was typed for an option of the row; NULL: nothing. */
static const char *option_text(const struct builder *builder, enum method_option option)
{
    if (option == METHOD_OPTION_TIMEOUT)
        return has_timeout_param(builder->method) ? NULL : builder->ctl->timeout;
    return command_option(builder->command, methods_option_name(option));
}

static bool add_option(const struct builder *builder, enum method_option option, const char *text)
{
    sockd_args_text(builder->args, methods_option_name(option));
    if (option == METHOD_OPTION_TIMEOUT || option == METHOD_OPTION_TTL)
        return add_timeout(builder->args, text);
    sockd_args_text(builder->args, text);
    return true;
}

/* The map of options, if any of the row's was given. */
static int add_options(const struct builder *builder)
{
    uint32_t count = 0;

    for (unsigned set = builder->method->options; set; set &= set - 1)
        count += option_text(builder, (enum method_option)(set & -set)) != NULL;
    if (count == 0)
        return 0;
    sockd_args_map(builder->args, count);
    for (unsigned set = builder->method->options; set; set &= set - 1) {
        enum method_option option = (enum method_option)(set & -set);
        const char *text = option_text(builder, option);
        if (text && !add_option(builder, option, text))
            return report_usage(builder->ctl->verb, "--%s %s: expected %s",
                                methods_option_name(option), text, methods_option_expected(option));
    }
    return 0;
}

/* The same check that the daemon makes, before it is bothered. */
static int check(const struct builder *builder)
{
    const struct writer *writer = &builder->args->writer;
    struct args args;
    struct args_error error;
    uint32_t count;
    int failure = args_count(builder->args, &count);

    if (failure)
        return report_local(builder->ctl, "arguments", failure);
    if (count == 0 && builder->method->count == 0)
        return 0;
    struct view view = view_of(writer->data, writer->size);
    if (args_parse(&args, builder->method, view, count, &error) == 0)
        return 0;
    const char *text = strchr(error.text, ' '); /* behind the method's name, which was not typed */
    return report_usage(builder->ctl->verb, "%s", text ? text + 1 : error.text);
}

int params_build(struct ctl *ctl, const struct command *command, const struct method *method,
                 const struct sockd_bytes *data, struct sockd_args *args)
{
    const struct builder builder = {
        .ctl = ctl,
        .command = command,
        .method = method,
        .data = data,
        .args = args,
    };
    int status = add_params(&builder);

    if (!status)
        status = add_options(&builder);
    return status ? status : check(&builder);
}
