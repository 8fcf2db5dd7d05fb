/*
 * watch: the changes of a socket, one a line.
 */
#include "client/ctl/json.h"
#include "client/ctl/live.h"
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

#include <string.h>

/* The socket's end ends the watch, so that is watched for in any case. */
static const char every_event[] = "readable,writable,accept,eof,error,close";
static const char last_event[] = "close";

struct watching {
    struct live live;
    bool shows_last;
};

static bool is_last(const struct sockd_value *event)
{
    const char *data;
    size_t size;

    return sockd_value_data(event, &data, &size) && size == sizeof last_event - 1 &&
           memcmp(data, last_event, size) == 0;
}

static void print_event(struct ctl *ctl, const struct sockd_value *params)
{
    const struct sockd_value *event = sockd_value_at(params, 1);
    const struct sockd_value *detail = sockd_value_at(params, 2);

    if (ctl->json) {
        output_json(ctl, json_pack("{s:o, s:o, s:o}", "h", json_of_value(sockd_value_at(params, 0)),
                                   "event", json_of_value(event), "detail", json_of_value(detail)));
        return;
    }
    if (sockd_value_count(detail) == 0) {
        output_line(ctl, event);
        return;
    }
    struct sockd_bytes name = {"", 0};
    sockd_value_data(event, &name.data, &name.size);
    output_bytes(ctl, name.data, name.size);
    output_text(ctl, " ");
    output_line(ctl, detail);
}

static void show(struct live *live, const char *method, const struct sockd_value *params)
{
    const struct watching *watching = (const struct watching *)live;

    if (strcmp(method, "sockd.event") != 0)
        return;
    live->over = is_last(sockd_value_at(params, 1));
    if (!live->over || watching->shows_last)
        print_event(live->ctl, params);
}

/* The names, parted by commas, and the last event if that is not among them. */
static void put_events(struct sockd_args *args, const char *events, bool has_last)
{
    uint32_t count = has_last ? 1 : 2;

    for (const char *at = events; (at = strchr(at, ',')); at++)
        count++;
    sockd_args_array(args, count);
    for (;;) {
        size_t size = strcspn(events, ",");
        sockd_args_str(args, events, size);
        if (!events[size])
            break;
        events += size + 1;
    }
    if (!has_last)
        sockd_args_text(args, last_event);
}

static int run(struct ctl *ctl, const struct command *command)
{
    const char *handle = params_text(command, command->method, "h");
    const char *events = params_text(command, command->method, "events");
    struct watching watching = {.live = {.ctl = ctl, .show = show}};

    if (!handle || command->count > 2)
        return report_usage(ctl->verb, "expected a handle and perhaps events");
    if (!events)
        events = every_event;
    struct sockd_args *args = sockd_args_new();
    params_put_handle(args, handle);
    watching.shows_last = strstr(events, last_event) != NULL;
    put_events(args, events, watching.shows_last);
    int status = live_ask(&watching.live, command->method->name, args);
    if (!status)
        status = live_run(&watching.live);
    sockd_args_free(args);
    return status;
}

const struct verb verb_watch = {
    .name = "watch",
    .method = "sockd.watch",
    .arguments = "HANDLE [EVENT,...]",
    .doc = "Tells the changes of a socket until it closes: readable, writable, accept, eof, error, "
           "close",
    .run = run,
};
