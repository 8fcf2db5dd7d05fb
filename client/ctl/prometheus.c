/*
 * Statistics for Prometheus. See prometheus.h.
 */
#include "client/ctl/prometheus.h"

#include "client/ctl/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct metric {
    const char *key;  /* in sockd.stats */
    const char *name; /* behind "sockd_" */
    const char *type;
    const char *help;
};

static const struct metric metrics[] = {
    {"clients", "clients", "gauge", "Control connections that are open."},
    {"requests", "requests", "gauge", "Requests that wait for their outcome."},
    {"sockets", "sockets", "gauge", "Sockets that are open."},
    {"max_sockets", "sockets_max", "gauge", "How many sockets may be open."},
    {"operations", "operations", "gauge", "Operations that wait on sockets."},
    {"lookups", "lookups", "gauge", "Look-ups of names that are going on."},
    {"fibers", "fibers", "gauge", "Fibers of Lua that have not ended."},
    {"bytes", "buffered_bytes", "gauge", "Memory of buffers in use, in bytes."},
    {"clients_ever", "clients_total", "counter", "Control connections since the start."},
    {"sockets_ever", "sockets_total", "counter", "Sockets since the start."},
    {"served", "requests_total", "counter", "Requests that were answered."},
    {"failed", "requests_failed_total", "counter", "Requests that were answered with an error."},
    {"dropped", "requests_dropped_total", "counter", "Requests whose client was gone."},
    {"refused", "refused_total", "counter", "Sockets and clients for which none was left."},
    {"log_suppressed", "log_suppressed_total", "counter", "Lines left out of the log: too many."},
    {"log_dropped", "log_dropped_total", "counter", "Lines left out of the log: not read."},
    {"bad_input", "bad_input_total", "counter", "Connections that were closed for what they sent."},
    {"bytes_in", "received_bytes_total", "counter", "Bytes that sockets have received."},
    {"bytes_out", "sent_bytes_total", "counter", "Bytes that sockets have sent."},
};

static const char quotas_key[] = "quotas";

static const struct metric *find_metric(const char *key, size_t size)
{
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        if (strlen(metrics[i].key) == size && memcmp(metrics[i].key, key, size) == 0)
            return &metrics[i];
    }
    return NULL;
}

static void print_number(struct ctl *ctl, const struct sockd_value *value)
{
    char text[40];
    int64_t integer;
    double number = 0;

    if (sockd_value_int(value, &integer)) {
        snprintf(text, sizeof text, " %" PRId64 "\n", integer);
    } else {
        sockd_value_double(value, &number);
        snprintf(text, sizeof text, " %.17g\n", number);
    }
    output_text(ctl, text);
}

static bool is_number(const struct sockd_value *value)
{
    return sockd_value_type(value) == SOCKD_INT || sockd_value_type(value) == SOCKD_DOUBLE;
}

/* A name may hold letters, digits and underscores. */
static void put_name(char *name, size_t room, const char *data, size_t size)
{
    snprintf(name, room, "%.*s", (int)(size < room ? size : room - 1), data);
    for (char *at = name; *at; at++) {
        bool right =
            (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (!right)
            *at = '_';
    }
}

static void print_head(struct ctl *ctl, const char *name, const char *type, const char *help)
{
    char text[400];

    snprintf(text, sizeof text, "# HELP sockd_%s %s\n# TYPE sockd_%s %s\n", name, help, name, type);
    output_text(ctl, text);
}

static void print_single(struct ctl *ctl, const char *key, size_t size,
                         const struct sockd_value *value)
{
    const struct metric *metric = find_metric(key, size);
    char name[100], line[120];

    put_name(name, sizeof name, key, size);
    const char *shown = metric ? metric->name : name;
    print_head(ctl, shown, metric ? metric->type : "gauge",
               metric ? metric->help : "As sockd.stats tells it.");
    snprintf(line, sizeof line, "sockd_%s", shown);
    output_text(ctl, line);
    print_number(ctl, value);
}

/* A label's value, in which a quote, a backslash and a line feed are escaped. */
static void print_label(struct ctl *ctl, const char *data, size_t size)
{
    output_text(ctl, "\"");
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\n')
            output_text(ctl, "\\n");
        else if (data[i] == '"' || data[i] == '\\')
            output_bytes(ctl, (char[]){'\\', data[i]}, 2);
        else
            output_bytes(ctl, data + i, 1);
    }
    output_text(ctl, "\"");
}

static void print_labelled(struct ctl *ctl, const char *name, const char *label,
                           const struct sockd_value *key, const struct sockd_value *value)
{
    char text[160];
    const char *data;
    size_t size;

    if (!is_number(value) || !sockd_value_data(key, &data, &size))
        return;
    snprintf(text, sizeof text, "sockd_%s{%s=", name, label);
    output_text(ctl, text);
    print_label(ctl, data, size);
    output_text(ctl, "}");
    print_number(ctl, value);
}

/* What the caller has of each of its quotas, and how much that may be. */
static void print_quotas(struct ctl *ctl, const struct sockd_value *quotas)
{
    static const struct {
        const char *name;
        const char *help;
    } sides[] = {
        {"quota_used", "What the caller's uid has of a quota."},
        {"quota_limit", "How much of it the caller's uid may have."},
    };

    for (size_t side = 0; side < 2; side++) {
        print_head(ctl, sides[side].name, "gauge", sides[side].help);
        for (size_t i = 0; i < sockd_value_count(quotas); i++)
            print_labelled(ctl, sides[side].name, "quota", sockd_value_key(quotas, i),
                           sockd_value_at(sockd_value_at(quotas, i), side));
    }
}

/* A map of numbers is one metric, with a label that says which; of another kind it is nothing that
 * could be shown. */
static void print_map(struct ctl *ctl, const char *key, size_t size, const struct sockd_value *map)
{
    char name[100];
    bool any = false;

    put_name(name, sizeof name, key, size);
    for (size_t i = 0; i < sockd_value_count(map); i++)
        any = any || is_number(sockd_value_at(map, i));
    if (!any)
        return;
    print_head(ctl, name, "gauge", "As sockd.stats tells it.");
    for (size_t i = 0; i < sockd_value_count(map); i++)
        print_labelled(ctl, name, "name", sockd_value_key(map, i), sockd_value_at(map, i));
}

void prometheus_print(struct ctl *ctl, const struct sockd_value *stats)
{
    const char *key;
    size_t size;

    for (size_t i = 0; i < sockd_value_count(stats); i++) {
        const struct sockd_value *value = sockd_value_at(stats, i);
        if (!sockd_value_data(sockd_value_key(stats, i), &key, &size))
            continue;
        if (size == sizeof quotas_key - 1 && memcmp(key, quotas_key, size) == 0)
            print_quotas(ctl, value);
        else if (is_number(value))
            print_single(ctl, key, size, value);
        else if (sockd_value_type(value) == SOCKD_MAP)
            print_map(ctl, key, size, value);
    }
}
