/*
 * A table of texts. See table.h.
 */
#include "client/ctl/table.h"

#include "client/ctl/output.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 16 };

void table_init(struct table *table, const struct table_column *columns, size_t width)
{
    *table = (struct table){.columns = columns, .width = width};
}

void table_deinit(struct table *table)
{
    free(table->cells);
    table->cells = NULL;
}

static bool grow(struct table *table)
{
    size_t room = table->room ? table->room * 2 : 32;
    void *cells = realloc(table->cells, room * table->width * TABLE_CELL);

    if (!cells)
        return false;
    table->cells = cells;
    table->room = room;
    return true;
}

char (*table_add(struct table *table))[TABLE_CELL]
{
    if (table->rows == table->room && !grow(table))
        return NULL;
    char(*row)[TABLE_CELL] = table->cells + table->rows * table->width;
    table->rows++;
    for (size_t i = 0; i < table->width; i++)
        row[i][0] = 0;
    return row;
}

static int max(int a, int b)
{
    return a > b ? a : b;
}

static void measure(const struct table *table, int *widths)
{
    for (size_t i = 0; i < table->width; i++) {
        widths[i] = (int)strlen(table->columns[i].title);
        for (size_t row = 0; row < table->rows; row++)
            widths[i] = max(widths[i], (int)strlen(table->cells[row * table->width + i]));
    }
}

static void print_cell(struct ctl *ctl, const struct table *table, const int *widths, size_t i,
                       const char *cell)
{
    char text[2 * TABLE_CELL];
    bool last = i + 1 == table->width; /* needs no room behind it */
    int room = table->columns[i].is_number ? widths[i] : last ? 0 : -widths[i];

    snprintf(text, sizeof text, "%s%*s", i ? "  " : "", room, cell);
    output_text(ctl, text);
}

static void print_rows(struct ctl *ctl, const struct table *table, const int *widths, size_t count)
{
    for (size_t row = 0; row < count; row++) {
        for (size_t i = 0; i < table->width; i++)
            print_cell(ctl, table, widths, i, table->cells[row * table->width + i]);
        output_text(ctl, "\n");
    }
}

void table_print(struct ctl *ctl, const struct table *table, size_t limit)
{
    int widths[MOST_COLUMNS];
    char more[48];
    size_t shown = table->rows;

    measure(table, widths);
    if (limit > 2 && shown + 1 > limit)
        shown = limit - 2;
    for (size_t i = 0; i < table->width; i++)
        print_cell(ctl, table, widths, i, table->columns[i].title);
    output_text(ctl, "\n");
    print_rows(ctl, table, widths, shown);
    if (shown < table->rows) {
        snprintf(more, sizeof more, "(%zu more)\n", table->rows - shown);
        output_text(ctl, more);
    }
}
