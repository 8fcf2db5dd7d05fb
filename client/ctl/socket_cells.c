/*
 * Cells of a socket. See socket_cells.h.
 */
#include "client/ctl/socket_cells.h"

#include "client/ctl/escape.h"
#include "client/ctl/output.h"

#include <inttypes.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void cell_text(char *cell, const struct sockd_value *value)
{
    const char *data;
    size_t size;

    snprintf(cell, TABLE_CELL, "-");
    if (sockd_value_data(value, &data, &size) && size > 0)
        escape_line(cell, TABLE_CELL, data, size);
}

void cell_number(char *cell, const struct sockd_value *value)
{
    int64_t number;

    snprintf(cell, TABLE_CELL, "-");
    if (sockd_value_int(value, &number))
        snprintf(cell, TABLE_CELL, "%" PRId64, number);
}

void cell_address(char *cell, const struct sockd_value *value)
{
    if (!output_format_address(value, cell, TABLE_CELL))
        cell_text(cell, value);
}

void cell_owner(char *cell, const struct sockd_value *value)
{
    int64_t uid;

    cell_number(cell, value);
    if (!sockd_value_int(value, &uid))
        return;
    const struct passwd *user = getpwuid((uid_t)uid);
    if (user)
        snprintf(cell, TABLE_CELL, "%s", user->pw_name);
}

static bool text_is(const struct sockd_value *value, const char *text)
{
    const char *data;
    size_t size;

    return sockd_value_data(value, &data, &size) && size == strlen(text) &&
           memcmp(data, text, size) == 0;
}

void cell_netid(char *cell, const struct sockd_value *socket)
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
    snprintf(cell, TABLE_CELL, "%s", name);
}

void cell_idle(char *cell, const struct sockd_value *value)
{
    struct timespec now;
    double used;

    snprintf(cell, TABLE_CELL, "-");
    if (!sockd_value_double(value, &used))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    double idle = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - used;
    snprintf(cell, TABLE_CELL, "%.0fs", idle > 0 ? floor(idle) : 0);
}

void cell_bytes(char *cell, double bytes)
{
    static const char units[] = " KMGTPE";
    size_t unit = 0;

    while (bytes >= 1000 && unit + 2 < sizeof units) {
        bytes /= 1024;
        unit++;
    }
    if (unit == 0)
        snprintf(cell, TABLE_CELL, "%.0f", bytes);
    else
        snprintf(cell, TABLE_CELL, "%.1f%c", bytes, units[unit]);
}
