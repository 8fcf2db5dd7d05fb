/* Tables, and the cells of sockets. */
#include "client/ctl/table.h"

#include "client/ctl/socket_cells.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <string.h>

static const struct table_column columns[] = {{"Id", true}, {"Name", false}, {"Size", true}};

static void add(struct table *table, const char *id, const char *name, const char *size)
{
    char(*row)[TABLE_CELL] = table_add(table);

    strcpy(row[0], id);
    strcpy(row[1], name);
    strcpy(row[2], size);
}

static void fill(struct table *table)
{
    table_init(table, columns, 3);
    add(table, "7", "a", "1");
    add(table, "1234", "longer", "20");
    for (int i = 0; i < 100; i++)
        add(table, "8", "b", "3");
}

Test(ctl_table, columns_are_as_wide_as_their_widest_cell, .init = cr_redirect_stdout)
{
    struct ctl ctl = {.raw = true};
    struct table table;

    fill(&table);
    table.rows = 2;
    table_print(&ctl, &table, 0);
    fflush(stdout);
    cr_assert_stdout_eq_str("  Id  Name    Size\n"
                            "   7  a          1\n"
                            "1234  longer    20\n");
    table_deinit(&table);
}

Test(ctl_table, as_many_lines_as_there_is_room_for, .init = cr_redirect_stdout)
{
    struct ctl ctl = {.raw = true};
    struct table table;

    fill(&table);
    table_print(&ctl, &table, 4);
    fflush(stdout);
    cr_assert_stdout_eq_str("  Id  Name    Size\n"
                            "   7  a          1\n"
                            "1234  longer    20\n"
                            "(100 more)\n");
    table_deinit(&table);
}

Test(ctl_table, bytes_with_a_unit)
{
    static const struct {
        double bytes;
        const char *text;
    } given[] = {{0, "0"}, {999, "999"}, {1024, "1.0K"}, {1536 * 1024., "1.5M"}, {3e12, "2.7T"}};
    char cell[TABLE_CELL];

    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        cell_bytes(cell, given[i].bytes);
        cr_assert_str_eq(cell, given[i].text);
    }
}
