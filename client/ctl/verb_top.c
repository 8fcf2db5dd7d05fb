/*
 * top: the sockets through which most passes, with how much that is in a second.
 */
#include "client/ctl/json.h"
#include "client/ctl/output.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/rounds.h"
#include "client/ctl/socket_cells.h"
#include "client/ctl/verbs.h"

#include <stdlib.h>
#include <time.h>

static const struct table_column columns[] = {
    {"Id", true},
    {"Netid", false},
    {"Local Address:Port", false},
    {"Peer Address:Port", false},
    {"Owner", false},
    {"Name", false},
    {"In/s", true},
    {"Out/s", true},
    {"In", true},
    {"Out", true},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* What a socket had transferred at some moment. */
struct count {
    int64_t id;
    double in;
    double out;
};

struct sample {
    struct count *counts; /* by id */
    size_t count;
    double moment; /* seconds */
};

/* A socket's place in the list, and what it transfers in a second. */
struct rate {
    const struct sockd_value *socket;
    double in;
    double out;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct count count_of(const struct sockd_value *socket)
{
    struct count count = {.id = 0};

    sockd_value_int(sockd_value_get(socket, "id"), &count.id);
    sockd_value_double(sockd_value_get(socket, "bytes_in"), &count.in);
    sockd_value_double(sockd_value_get(socket, "bytes_out"), &count.out);
    return count;
}

static int by_id(const void *a, const void *b)
{
    const struct count *first = a, *second = b;

    return (first->id > second->id) - (first->id < second->id);
}

static int by_rate(const void *a, const void *b)
{
    const struct rate *first = a, *second = b;
    double difference = second->in + second->out - first->in - first->out;

    return (difference > 0) - (difference < 0);
}

/* Replaces the sample. False for lack of memory. */
static bool take_sample(struct sample *sample, const struct sockd_value *list, double moment)
{
    size_t count = sockd_value_count(list);
    struct count *counts = calloc(count + 1, sizeof *counts);

    if (!counts)
        return false;
    for (size_t i = 0; i < count; i++)
        counts[i] = count_of(sockd_value_at(list, i));
    qsort(counts, count, sizeof *counts, by_id);
    free(sample->counts);
    *sample = (struct sample){counts, count, moment};
    return true;
}

/* How fast it was since the sample; one that is new since then began with nothing. */
static struct rate rate_of(const struct sockd_value *socket, const struct sample *before,
                           double moment)
{
    struct count count = count_of(socket);
    const struct count *old = bsearch(&count, before->counts, before->count, sizeof count, by_id);
    double seconds = moment - before->moment;

    return (struct rate){
        .socket = socket,
        .in = (count.in - (old ? old->in : 0)) / seconds,
        .out = (count.out - (old ? old->out : 0)) / seconds,
    };
}

static void fill_row(char (*cell)[TABLE_CELL], const struct rate *rate)
{
    struct count count = count_of(rate->socket);

    cell_number(cell[0], sockd_value_get(rate->socket, "id"));
    cell_netid(cell[1], rate->socket);
    cell_address(cell[2], sockd_value_get(rate->socket, "address"));
    cell_address(cell[3], sockd_value_get(rate->socket, "peer"));
    cell_owner(cell[4], sockd_value_get(rate->socket, "owner"));
    cell_text(cell[5], sockd_value_get(rate->socket, "name"));
    cell_bytes(cell[6], rate->in);
    cell_bytes(cell[7], rate->out);
    cell_bytes(cell[8], count.in);
    cell_bytes(cell[9], count.out);
}

static int print_table(struct rounds *rounds, const struct rate *rates, size_t count)
{
    struct table table;
    int status = 0;

    table_init(&table, columns, COLUMNS);
    for (size_t i = 0; !status && i < count; i++) {
        char(*row)[TABLE_CELL] = table_add(&table);
        if (row)
            fill_row(row, &rates[i]);
        else
            status = report_memory(rounds->ctl);
    }
    rounds_begin(rounds);
    if (!status)
        table_print(rounds->ctl, &table, rounds_lines(rounds));
    table_deinit(&table);
    return status;
}

/* The socket's entry with its rates beside. */
static int print_json(struct rounds *rounds, const struct rate *rates, size_t count)
{
    int status = 0;

    for (size_t i = 0; !status && i < count; i++) {
        json_t *object = json_of_value(rates[i].socket);
        json_object_set_new(object, "in_per_second", json_real(rates[i].in));
        json_object_set_new(object, "out_per_second", json_real(rates[i].out));
        status = output_json(rounds->ctl, object);
    }
    return status;
}

static int show(struct rounds *rounds, const struct sockd_value *list, struct sample *before)
{
    size_t count = sockd_value_count(list);
    struct rate *rates = calloc(count + 1, sizeof *rates);
    double moment = now();

    if (!rates)
        return report_memory(rounds->ctl);
    for (size_t i = 0; i < count; i++)
        rates[i] = rate_of(sockd_value_at(list, i), before, moment);
    qsort(rates, count, sizeof *rates, by_rate);
    int status =
        rounds->ctl->json ? print_json(rounds, rates, count) : print_table(rounds, rates, count);
    free(rates);
    if (!status && !take_sample(before, list, moment))
        status = report_memory(rounds->ctl);
    return status;
}

static int list_sockets(struct ctl *ctl, const struct sockd_value **list)
{
    const struct method *method = &methods[METHOD_sockd_list];

    return remote_call(ctl, method->name, method, NULL, list);
}

static int run_rounds(struct rounds *rounds, struct sample *sample)
{
    const struct sockd_value *list;
    int status = list_sockets(rounds->ctl, &list);

    if (!status && !take_sample(sample, list, now()))
        status = report_memory(rounds->ctl);
    if (!status && !rounds_wait(rounds))
        status = CTL_INTERRUPTED;
    while (!status) {
        status = list_sockets(rounds->ctl, &list);
        if (!status)
            status = show(rounds, list, sample);
        if (status || !rounds_next(rounds, &status))
            break;
    }
    return status;
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct rounds rounds;
    struct sample sample = {.counts = NULL};

    if (command->count > 0)
        return report_usage(ctl->verb, "too many arguments");
    int status = rounds_init(&rounds, ctl, command);
    if (!status)
        status = run_rounds(&rounds, &sample);
    free(sample.counts);
    return status;
}

const struct verb verb_top = {
    .name = "top",
    .arguments = "",
    .doc = "Shows the busiest sockets, again and again",
    .options = {ROUNDS_OPTIONS},
    .run = run,
};
