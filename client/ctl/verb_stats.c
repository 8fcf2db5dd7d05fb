/*
 * stats: what the daemon holds and has done, for people, for programs and for Prometheus.
 */
#include "client/ctl/output.h"
#include "client/ctl/prometheus.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

static int run(struct ctl *ctl, const struct command *command)
{
    const struct sockd_value *stats;

    if (command->count > 0)
        return report_usage(ctl->verb, "too many arguments");
    int status = remote_call(ctl, command->method->name, command->method, NULL, &stats);
    if (status)
        return status;
    if (!command_has(command, "prometheus"))
        return output_result(ctl, command->method->result, stats);
    prometheus_print(ctl, stats);
    return 0;
}

const struct verb verb_stats = {
    .name = "stats",
    .method = "sockd.stats",
    .arguments = "",
    .options = {{"prometheus", NULL, 0, "in the text format that Prometheus reads"}},
    .run = run,
};
