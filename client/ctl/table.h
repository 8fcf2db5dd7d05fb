/*
 * A table of texts in columns as wide as their widest cell. Numbers stand at the right of theirs.
 */
#ifndef CTL_TABLE_H
#define CTL_TABLE_H

#include "client/ctl/ctl.h"

enum { TABLE_CELL = 200 }; /* bytes of a cell, its end included */

struct table_column {
    const char *title;
    bool is_number;
};

struct table {
    const struct table_column *columns;
    size_t width;
    size_t rows;
    size_t room;
    char (*cells)[TABLE_CELL];
};

/* The columns must outlive the table. */
void table_init(struct table *table, const struct table_column *columns, size_t width);
void table_deinit(struct table *table);

/* Adds a row of empty cells and returns its first one; NULL for lack of memory. */
char (*table_add(struct table *table))[TABLE_CELL];

/* Prints the titles and the rows; with a limit other than 0 that many lines at most, the last of
 * which says then how many rows are not shown. */
void table_print(struct ctl *ctl, const struct table *table, size_t limit);

#endif
