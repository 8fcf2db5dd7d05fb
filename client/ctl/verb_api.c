/*
 * api: what the daemon can do, as it says itself.
 */
#include "client/ctl/output.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

static void print_member(struct ctl *ctl, const struct sockd_value *map, const char *key)
{
    const char *data;
    size_t size;

    if (sockd_value_data(sockd_value_get(map, key), &data, &size))
        output_bytes(ctl, data, size);
}

/* "(h, [timeout])" */
static void print_params(struct ctl *ctl, const struct sockd_value *params)
{
    output_text(ctl, "(");
    for (size_t i = 0; i < sockd_value_count(params); i++) {
        const struct sockd_value *param = sockd_value_at(params, i);
        bool required = false;
        sockd_value_bool(sockd_value_get(param, "required"), &required);
        output_text(ctl, i ? ", " : "");
        output_text(ctl, required ? "" : "[");
        print_member(ctl, param, "name");
        output_text(ctl, required ? "" : "]");
    }
    output_text(ctl, ")");
}

static void print_method(struct ctl *ctl, const struct sockd_value *method)
{
    print_member(ctl, method, "name");
    print_params(ctl, sockd_value_get(method, "params"));
    output_text(ctl, " -> ");
    print_member(ctl, method, "result");
    output_text(ctl, "\n    ");
    print_member(ctl, method, "doc");
    output_text(ctl, "\n");
}

static int run(struct ctl *ctl, const struct command *command)
{
    const struct sockd_value *api;

    if (command->count > 0)
        return report_usage(ctl->verb, "too many arguments");
    int status = remote_call(ctl, command->method->name, command->method, NULL, &api);
    if (status)
        return status;
    if (ctl->json)
        return output_result(ctl, METHOD_RESULT_MAP, api);
    const struct sockd_value *list = sockd_value_get(api, "methods");
    for (size_t i = 0; i < sockd_value_count(list); i++)
        print_method(ctl, sockd_value_at(list, i));
    return 0;
}

const struct verb verb_api = {
    .name = "api",
    .method = "sockd.api",
    .arguments = "",
    .doc = "Lists the methods of the daemon; with --json all it says about them",
    .run = run,
};
