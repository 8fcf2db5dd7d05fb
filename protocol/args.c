/*
 * From the parameters of a message to typed arguments: positions, options, complaints. See args.h.
 */
#include "protocol/args.h"

#include "protocol/arg_types.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What is at hand while one call's parameters are read. */
struct reader {
    struct args *args;
    struct args_error *error;
};

static bool is_printable(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] < 0x20 || data[i] > 0x7e)
            return false;
    }
    return true;
}

/* Short text is shown; of other text what may be wrong with it is said. */
static void describe_text(const struct view_value *value, char *text, size_t room)
{
    const char *data = value->bytes.data;
    size_t size = value->bytes.size;

    if (size == 0)
        snprintf(text, room, "an empty string");
    else if (memchr(data, 0, size))
        snprintf(text, room, "a string with a zero byte");
    else if (value->type == VIEW_STR && size <= 24 && is_printable(data, size))
        snprintf(text, room, "\"%.*s\"", (int)size, data);
    else
        snprintf(text, room, "%s", view_type_text(value->type));
}

/* Where an array was expected, what is wrong is in it. */
static void describe_array(struct view view, uint32_t count, char *text, size_t room)
{
    struct view_value value;

    snprintf(text, room, count ? "an array of %" PRIu32 : "an empty array", count);
    for (uint32_t i = 0; i < count && i < LIMIT_DELIMITERS && view_next(&view, &value); i++) {
        bool is_text = value.type == VIEW_STR || value.type == VIEW_BIN;
        if (is_text && value.bytes.size == 0)
            snprintf(text, room, "an array with an empty string");
        if (value.type == VIEW_ARRAY || value.type == VIEW_MAP)
            break;
    }
}

/* What stands there, for the complaint: a number, or a word, says more than its type. */
static void describe(struct view view, char *text, size_t size)
{
    struct view_value value;

    if (!view_next(&view, &value))
        snprintf(text, size, "nothing");
    else if (value.type == VIEW_INT)
        snprintf(text, size, "%" PRId64, value.integer);
    else if (value.type == VIEW_UINT)
        snprintf(text, size, "%" PRIu64, value.unsigned_integer);
    else if (value.type == VIEW_DOUBLE && isnan(value.number))
        snprintf(text, size, "nan");
    else if (value.type == VIEW_DOUBLE)
        snprintf(text, size, "the number %g", value.number);
    else if (value.type == VIEW_STR || value.type == VIEW_BIN)
        describe_text(&value, text, size);
    else if (value.type == VIEW_ARRAY)
        describe_array(view, value.count, text, size);
    else
        snprintf(text, size, "%s", view_type_text(value.type));
}

static int complain(struct reader *reader, const char *what, const char *expected, struct view got)
{
    char text[48];

    describe(got, text, sizeof text);
    snprintf(reader->error->text, sizeof reader->error->text, "%s: %s: expected %s, got %s",
             reader->args->method->name, what, expected, text);
    return -EINVAL;
}

static int too_large(struct reader *reader, const char *what, uint64_t size)
{
    snprintf(reader->error->text, sizeof reader->error->text,
             "%s: %s: %" PRIu64 " is more than the %d bytes that one message carries",
             reader->args->method->name, what, size, LIMIT_DATA);
    return -EMSGSIZE;
}

static int check_size(struct reader *reader, const char *what, const struct arg *arg,
                      enum method_type type)
{
    if (type == METHOD_TYPE_SIZE && arg->kind == ARG_INTEGER && arg->integer > LIMIT_DATA)
        return too_large(reader, what, (uint64_t)arg->integer);
    if (arg->kind == ARG_WHAT && arg->what.has_limit && arg->what.limit > LIMIT_DATA)
        return too_large(reader, what, arg->what.limit);
    return 0;
}

static int read_option(struct reader *reader, struct view *view);

/* A map in the place of read's what: its keys are options like those behind it. */
static int read_map_of_options(struct reader *reader, struct view *view)
{
    uint32_t pairs = 0;

    view_map(view, &pairs);
    for (; pairs > 0; pairs--) {
        int error = read_option(reader, view);
        if (error)
            return error;
    }
    return 0;
}

static int read_param(struct reader *reader, unsigned position, struct view *view)
{
    const struct method_param *param = &reader->args->method->params[position];
    struct arg *arg = &reader->args->arg[position];

    if (view_skip_nil(view))
        return 0;
    if (param->type == METHOD_TYPE_WHAT && view_at_map(view))
        return read_map_of_options(reader, view);
    struct view start = *view;
    if (!arg_readers[param->type](view, arg))
        return complain(reader, param->name, methods_type_expected(param->type), start);
    return check_size(reader, param->name, arg, param->type);
}

static struct arg *find_what(struct args *args)
{
    for (unsigned i = 0; i < args->method->count; i++) {
        if (args->method->params[i].type == METHOD_TYPE_WHAT)
            return &args->arg[i];
    }
    return NULL;
}

static int read_what_option(struct reader *reader, struct arg *what, arg_read_fn parse,
                            struct view *view)
{
    struct view start = *view;

    if (view_skip_nil(view))
        return 0;
    if (!parse(view, what)) {
        if (parse == arg_read_limit)
            return complain(reader, "limit", methods_type_expected(METHOD_TYPE_SIZE), start);
        return complain(reader, "delimiter", "a string that is not empty, or up to 16 of them",
                        start);
    }
    return check_size(reader, "limit", what, METHOD_TYPE_WHAT);
}

static int read_timeout_option(struct reader *reader, struct view *view)
{
    struct view start = *view;
    struct arg arg;

    if (!arg_read_timeout(view, &arg))
        return complain(reader, "timeout", methods_type_expected(METHOD_TYPE_TIMEOUT), start);
    reader->args->timeout = arg.number;
    return 0;
}

/* Nil is the default, which is no news for a timeout, but may change a handle. */
static int read_option_value(struct reader *reader, enum method_option option, struct view *view)
{
    struct arg_settings *settings = &reader->args->settings;
    struct view start = *view;

    settings->given |= option & METHOD_SETTINGS;
    if (view_skip_nil(view))
        return 0;
    if (option == METHOD_OPTION_TIMEOUT)
        return read_timeout_option(reader, view);
    if (!arg_read_setting(view, option, settings))
        return complain(reader, methods_option_name(option), methods_option_expected(option),
                        start);
    return 0;
}

static int unknown_option(struct reader *reader, const char *key, size_t size)
{
    int length = size < 40 ? (int)size : 40;

    for (int i = 0; i < length; i++) {
        if (key[i] < 0x20 || key[i] > 0x7e)
            length = 0;
    }
    snprintf(reader->error->text, sizeof reader->error->text, "%s: there is no option \"%.*s\"",
             reader->args->method->name, length, key);
    return -EINVAL;
}

/* One pair of a map of options: a parameter's own name, an option of the row, or read's keys. */
static int read_option(struct reader *reader, struct view *view)
{
    const struct method *method = reader->args->method;
    struct arg *what = find_what(reader->args);
    struct view start = *view;
    const char *key;
    size_t size;

    if (!view_str(view, &key, &size))
        return complain(reader, "options", "strings for keys", start);
    int position = methods_param(method, key, size);
    if (position >= 0)
        return read_param(reader, (unsigned)position, view);
    unsigned option = methods_option(key, size) & method->options;
    if (option)
        return read_option_value(reader, (enum method_option)option, view);
    arg_read_fn parse = arg_what_reader(key, size);
    if (what && parse)
        return read_what_option(reader, what, parse, view);
    return unknown_option(reader, key, size);
}

/* A map ends the parameters early if its place is not one for a map. */
static bool begins_options(const struct method *method, unsigned position, const struct view *view)
{
    if (!view_at_map(view) || methods_is_variadic(method))
        return false;
    if (position >= method->count)
        return true;
    enum method_type type = method->params[position].type;
    return type != METHOD_TYPE_WHAT && type != METHOD_TYPE_HANDLER && type != METHOD_TYPE_MAP;
}

static int too_many(struct reader *reader, uint32_t count)
{
    const struct method *method = reader->args->method;

    snprintf(reader->error->text, sizeof reader->error->text,
             "%s: expected at most %u parameters and a map of options, got %" PRIu32 " values",
             method->name, method->count, count);
    return -EINVAL;
}

static void take_rest(struct args *args, unsigned position, struct view params, uint32_t count)
{
    struct arg *arg = &args->arg[position];

    arg->kind = ARG_VALUE;
    arg->list.count = count - position;
    arg->list.value = params;
}

static int read_values(struct reader *reader, struct view params, uint32_t count)
{
    const struct method *method = reader->args->method;

    for (unsigned i = 0; i < count; i++) {
        if (i < method->count && method->params[i].type == METHOD_TYPE_REST) {
            take_rest(reader->args, i, params, count);
            return 0;
        }
        if (i + 1 == count && begins_options(method, i, &params))
            return read_map_of_options(reader, &params);
        if (i >= method->count && !(i + 1 == count && view_skip_nil(&params)))
            return too_many(reader, count);
        if (i >= method->count)
            break;
        int error = read_param(reader, i, &params);
        if (error)
            return error;
    }
    return 0;
}

/* Sees that what must be there is there, and puts the timeout in its one place. */
static int finish(struct reader *reader)
{
    struct args *args = reader->args;
    const struct method *method = args->method;

    for (unsigned i = 0; i < method->count; i++) {
        const struct method_param *param = &method->params[i];
        const struct arg *arg = &args->arg[i];
        if (arg->kind != ARG_ABSENT && param->type == METHOD_TYPE_TIMEOUT)
            args->timeout = arg->number;
        if (arg->kind == ARG_ABSENT && param->required)
            return complain(reader, param->name, methods_type_expected(param->type),
                            view_of("", 0));
    }
    return 0;
}

int args_parse(struct args *args, const struct method *method, struct view params, uint32_t count,
               struct args_error *error)
{
    struct reader reader = {.args = args, .error = error};

    args->method = method;
    args->timeout = INFINITY;
    args->settings = (struct arg_settings){0};
    for (unsigned i = 0; i < method->count; i++)
        args->arg[i].kind = ARG_ABSENT;
    int result = read_values(&reader, params, count);
    return result ? result : finish(&reader);
}
