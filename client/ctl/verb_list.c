/*
 * ls: the daemon's sockets, in the columns of ss and those that only sockd has.
 */
#include "client/ctl/output.h"
#include "client/ctl/params.h"
#include "client/ctl/remote.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

#include <inttypes.h>
#include <math.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COLUMNS = 11, CELL = 200 };

static const char *const titles[COLUMNS] = {
    "Id",    "Netid", "State",      "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port",
    "Owner", "Name",  "Read-ahead", "Idle",
};

/* Numbers stand at the right of their column. */
static const bool is_number[COLUMNS] = {
    [0] = true, [3] = true, [4] = true, [9] = true, [10] = true};

struct row {
    char cell[COLUMNS][CELL];
};

static void put_text(char *cell, const struct sockd_value *value)
{
    const char *data;
    size_t size;

    snprintf(cell, CELL, "-");
    if (sockd_value_data(value, &data, &size) && size > 0)
        snprintf(cell, CELL, "%.*s", (int)(size < CELL ? size : CELL - 1), data);
}

static void put_number(char *cell, const struct sockd_value *value)
{
    int64_t number;

    snprintf(cell, CELL, "-");
    if (sockd_value_int(value, &number))
        snprintf(cell, CELL, "%" PRId64, number);
}

static void put_address(char *cell, const struct sockd_value *value)
{
    if (!output_format_address(value, cell, CELL))
        put_text(cell, value);
}

/* The user's name if the uid has one. */
static void put_owner(char *cell, const struct sockd_value *value)
{
    int64_t uid;

    put_number(cell, value);
    if (!sockd_value_int(value, &uid))
        return;
    const struct passwd *user = getpwuid((uid_t)uid);
    if (user)
        snprintf(cell, CELL, "%s", user->pw_name);
}

static bool text_is(const struct sockd_value *value, const char *text)
{
    const char *data;
    size_t size;

    return sockd_value_data(value, &data, &size) && size == strlen(text) &&
           memcmp(data, text, size) == 0;
}

/* What ss calls the kind of a socket: "tcp", "udp", "u_str" … */
static void put_netid(char *cell, const struct sockd_value *socket)
{
    bool local = text_is(sockd_value_get(socket, "domain"), "AF_UNIX");
    bool stream = text_is(sockd_value_get(socket, "type"), "SOCK_STREAM");
    bool datagram = text_is(sockd_value_get(socket, "type"), "SOCK_DGRAM");
    const char *name = "raw";

    if (stream)
        name = local ? "u_str" : "tcp";
    else if (datagram)
        name = local ? "u_dgr" : "udp";
    else if (local)
        name = "u_seq";
    snprintf(cell, CELL, "%s", name);
}

/* How long ago a moment of the real-time clock was. */
static void put_idle(char *cell, const struct sockd_value *value)
{
    struct timespec now;
    double used;

    snprintf(cell, CELL, "-");
    if (!sockd_value_double(value, &used))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    double idle = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - used;
    snprintf(cell, CELL, "%.0fs", idle > 0 ? floor(idle) : 0);
}

/* What ss calls Recv-Q, bytes that the program has not taken, is what sockd has read ahead. */
static void fill_row(struct row *row, const struct sockd_value *socket)
{
    put_number(row->cell[0], sockd_value_get(socket, "id"));
    put_netid(row->cell[1], socket);
    put_text(row->cell[2], sockd_value_get(socket, "state"));
    put_number(row->cell[3], sockd_value_get(socket, "read_ahead"));
    put_number(row->cell[4], sockd_value_get(socket, "unsent"));
    put_address(row->cell[5], sockd_value_get(socket, "address"));
    put_address(row->cell[6], sockd_value_get(socket, "peer"));
    put_owner(row->cell[7], sockd_value_get(socket, "owner"));
    put_text(row->cell[8], sockd_value_get(socket, "name"));
    put_number(row->cell[9], sockd_value_get(socket, "read_ahead"));
    put_idle(row->cell[10], sockd_value_get(socket, "used"));
}

static void fill_titles(struct row *row)
{
    for (size_t i = 0; i < COLUMNS; i++)
        snprintf(row->cell[i], CELL, "%s", titles[i]);
}

static void print_row(struct ctl *ctl, const struct row *row, const int *width)
{
    char text[CELL * 2];

    for (size_t i = 0; i < COLUMNS; i++) {
        /* The last column needs no room behind it. */
        int room = is_number[i] ? width[i] : i + 1 < COLUMNS ? -width[i] : 0;
        snprintf(text, sizeof text, "%s%*s", i ? "  " : "", room, row->cell[i]);
        output_text(ctl, text);
    }
    output_text(ctl, "\n");
}

static void print_table(struct ctl *ctl, const struct row *rows, size_t count)
{
    int width[COLUMNS] = {0};

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < COLUMNS; j++) {
            int length = (int)strlen(rows[i].cell[j]);
            if (length > width[j])
                width[j] = length;
        }
    }
    for (size_t i = 0; i < count; i++)
        print_row(ctl, &rows[i], width);
}

static int print_list(struct ctl *ctl, const struct sockd_value *list)
{
    size_t count = sockd_value_count(list);
    struct row *rows = calloc(count + 1, sizeof *rows);

    if (!rows)
        return report_memory(ctl);
    fill_titles(&rows[0]);
    for (size_t i = 0; i < count; i++)
        fill_row(&rows[i + 1], sockd_value_at(list, i));
    print_table(ctl, rows, count + 1);
    free(rows);
    return 0;
}

static int call(struct ctl *ctl, const struct method *method, const struct sockd_args *args)
{
    const struct sockd_value *list;
    int status = remote_call(ctl, method->name, method, args, &list);

    if (status)
        return status;
    return ctl->json ? output_result(ctl, method->result, list) : print_list(ctl, list);
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct sockd_args *args = sockd_args_new();

    if (!args)
        return report_memory(ctl);
    int status = params_build(ctl, command, command->method, NULL, args);
    if (!status)
        status = call(ctl, command->method, args);
    sockd_args_free(args);
    return status;
}

const struct verb verb_list = {
    .name = "ls",
    .method = "sockd.list",
    .doc = "Lists the sockets in a table; FILTERS is a JSON object",
    .run = run,
};
