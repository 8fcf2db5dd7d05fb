/*
 * What sockd.api says. See api.h.
 */
#include "protocol/api.h"

#include "protocol/methods.h"
#include "protocol/notifications.h"

static void put_limit(struct writer *writer, const char *name, int64_t value)
{
    writer_text(writer, name);
    writer_int(writer, value);
}

void api_put_limits(struct writer *writer)
{
    writer_map(writer, 6);
    put_limit(writer, "message", LIMIT_MESSAGE);
    put_limit(writer, "data", LIMIT_DATA);
    put_limit(writer, "depth", LIMIT_DEPTH);
    put_limit(writer, "elements", LIMIT_ELEMENTS);
    put_limit(writer, "delimiters", LIMIT_DELIMITERS);
    put_limit(writer, "name", LIMIT_NAME);
}

static void put_pair(struct writer *writer, const char *key, const char *text)
{
    writer_text(writer, key);
    writer_text(writer, text);
}

static void put_param(struct writer *writer, const struct method_param *param)
{
    writer_map(writer, param->fallback ? 4 : 3);
    put_pair(writer, "name", param->name);
    put_pair(writer, "type", methods_type_name(param->type));
    writer_text(writer, "required");
    writer_bool(writer, param->required);
    if (param->fallback)
        put_pair(writer, "default", param->fallback);
}

static void put_params(struct writer *writer, const struct method *method)
{
    writer_array(writer, method->count);
    for (unsigned i = 0; i < method->count; i++)
        put_param(writer, &method->params[i]);
}

static void put_options(struct writer *writer, unsigned options)
{
    writer_array(writer, (uint32_t)__builtin_popcount(options));
    for (; options; options &= options - 1)
        writer_text(writer, methods_option_name((enum method_option)(options & -options)));
}

static const char *wait_name(enum method_wait wait)
{
    static const char *const names[] = {
        [METHOD_WAIT_PROMPT] = "never",
        [METHOD_WAIT_WAITS] = "until its timeout",
        [METHOD_WAIT_RUNS] = "until it ends",
    };

    return names[wait];
}

static void put_method(struct writer *writer, const struct method *method)
{
    writer_map(writer, 8);
    put_pair(writer, "name", method->name);
    writer_text(writer, "level");
    writer_int(writer, method->level);
    put_pair(writer, "caller", methods_caller_name(method->caller));
    put_pair(writer, "waits", wait_name(method->wait));
    writer_text(writer, "params");
    put_params(writer, method);
    writer_text(writer, "options");
    put_options(writer, method->options);
    put_pair(writer, "result", methods_result_name(method->result));
    put_pair(writer, "doc", method->doc);
}

static void put_types(struct writer *writer)
{
    writer_map(writer, METHOD_TYPE_COUNT);
    for (int type = 0; type < METHOD_TYPE_COUNT; type++)
        put_pair(writer, methods_type_name((enum method_type)type),
                 methods_type_expected((enum method_type)type));
}

static void put_results(struct writer *writer)
{
    writer_map(writer, METHOD_RESULT_KINDS);
    for (int result = 0; result < METHOD_RESULT_KINDS; result++)
        put_pair(writer, methods_result_name((enum method_result)result),
                 methods_result_means((enum method_result)result));
}

static void put_all_options(struct writer *writer)
{
    unsigned all = 0;

    for (int id = 0; id < METHOD_COUNT; id++)
        all |= methods[id].options;
    writer_map(writer, (uint32_t)__builtin_popcount(all));
    for (; all; all &= all - 1) {
        enum method_option option = (enum method_option)(all & -all);
        put_pair(writer, methods_option_name(option), methods_option_expected(option));
    }
}

static void put_field(struct writer *writer, const struct notification_field *field)
{
    writer_map(writer, 3);
    put_pair(writer, "name", field->name);
    put_pair(writer, "type", field->type);
    put_pair(writer, "doc", field->doc);
}

static void put_notification(struct writer *writer, const struct notification *notification)
{
    writer_map(writer, 5);
    put_pair(writer, "name", notification->name);
    writer_text(writer, "level");
    writer_int(writer, notification->level);
    put_pair(writer, "method", notification->method);
    writer_text(writer, "params");
    writer_array(writer, notification->count);
    for (unsigned i = 0; i < notification->count; i++)
        put_field(writer, &notification->fields[i]);
    put_pair(writer, "doc", notification->doc);
}

static void put_lists(struct writer *writer)
{
    writer_text(writer, "methods");
    writer_array(writer, METHOD_COUNT);
    for (int id = 0; id < METHOD_COUNT; id++)
        put_method(writer, &methods[id]);
    writer_text(writer, "notifications");
    writer_array(writer, NOTIFICATION_COUNT);
    for (int id = 0; id < NOTIFICATION_COUNT; id++)
        put_notification(writer, &notifications[id]);
}

void api_put(struct writer *writer)
{
    writer_map(writer, 7);
    writer_text(writer, "level");
    writer_int(writer, LIMIT_LEVEL);
    writer_text(writer, "limits");
    api_put_limits(writer);
    writer_text(writer, "types");
    put_types(writer);
    writer_text(writer, "options");
    put_all_options(writer);
    writer_text(writer, "results");
    put_results(writer);
    put_lists(writer);
}
