/*
 * ls: the daemon's sockets, in the columns of ss and those that only sockd has.
 */
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/rounds.h"
#include "client/ctl/socket_cells.h"
#include "client/ctl/verbs.h"

/* What ss calls Recv-Q, bytes that the program has not taken, is what sockd has read ahead. */
static const struct table_column columns[] = {
    {"Id", true},
    {"Netid", false},
    {"State", false},
    {"Recv-Q", true},
    {"Send-Q", true},
    {"Local Address:Port", false},
    {"Peer Address:Port", false},
    {"Owner", false},
    {"Name", false},
    {"Read-ahead", true},
    {"Idle", true},
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* One run of the command. */
struct listing {
    struct ctl *ctl;
    const struct method *method;
    struct sockd_args *args;
    struct rounds rounds;
    bool again;
};

static void fill_row(char (*cell)[TABLE_CELL], const struct sockd_value *socket)
{
    cell_number(cell[0], sockd_value_get(socket, "id"));
    cell_netid(cell[1], socket);
    cell_text(cell[2], sockd_value_get(socket, "state"));
    cell_number(cell[3], sockd_value_get(socket, "read_ahead"));
    cell_number(cell[4], sockd_value_get(socket, "unsent"));
    cell_address(cell[5], sockd_value_get(socket, "address"));
    cell_address(cell[6], sockd_value_get(socket, "peer"));
    cell_owner(cell[7], sockd_value_get(socket, "owner"));
    cell_text(cell[8], sockd_value_get(socket, "name"));
    cell_number(cell[9], sockd_value_get(socket, "read_ahead"));
    cell_idle(cell[10], sockd_value_get(socket, "used"));
}

static int print_table(const struct listing *listing, const struct sockd_value *list)
{
    struct table table;
    int status = 0;

    table_init(&table, columns, COLUMNS);
    for (size_t i = 0; !status && i < sockd_value_count(list); i++) {
        char(*row)[TABLE_CELL] = table_add(&table);
        if (row)
            fill_row(row, sockd_value_at(list, i));
        else
            status = report_memory(listing->ctl);
    }
    if (!status)
        table_print(listing->ctl, &table, listing->again ? rounds_lines(&listing->rounds) : 0);
    table_deinit(&table);
    return status;
}

static int show(struct listing *listing)
{
    const struct method *method = listing->method;
    const struct sockd_value *list;
    int status = remote_call(listing->ctl, method->name, method, listing->args, &list);

    if (status)
        return status;
    if (listing->again)
        rounds_begin(&listing->rounds);
    if (listing->ctl->json)
        return output_result(listing->ctl, method->result, list);
    return print_table(listing, list);
}

static int show_all(struct listing *listing)
{
    int status;

    do {
        status = show(listing);
        if (status)
            return status;
    } while (listing->again && rounds_next(&listing->rounds, &status));
    return status;
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct listing listing = {
        .ctl = ctl,
        .method = command->method,
        .args = sockd_args_new(),
        .again = command_has(command, "watch"),
    };

    if (!listing.args)
        return report_memory(ctl);
    int status = params_build(ctl, command, command->method, NULL, listing.args);
    if (!status)
        status = rounds_init(&listing.rounds, ctl, command);
    if (!status)
        status = show_all(&listing);
    sockd_args_free(listing.args);
    return status;
}

const struct verb verb_list = {
    .name = "ls",
    .method = "sockd.list",
    .doc = "Lists the sockets in a table; FILTERS is a JSON object",
    .options = {{"watch", NULL, 'w', "show it again and again"}, ROUNDS_OPTIONS},
    .run = run,
};
