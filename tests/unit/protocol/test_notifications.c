/* The table of notifications: its rows are sound. */
#include "protocol/notifications.h"

#include "protocol/limits.h"

#include <criterion/criterion.h>
#include <string.h>

Test(notifications, rows_are_sound)
{
    for (int id = 0; id < NOTIFICATION_COUNT; id++) {
        const struct notification *row = &notifications[id];
        cr_assert_eq(row->name_size, strlen(row->name));
        cr_assert(row->level >= 1 && row->level <= LIMIT_LEVEL, "%s", row->name);
        cr_assert(row->count >= 1 && row->count <= NOTIFICATION_FIELDS, "%s", row->name);
        cr_assert_str_eq(row->fields[0].name, "h", "%s begins with its socket", row->name);
        for (unsigned i = 0; i < row->count; i++)
            cr_assert(row->fields[i].type && row->fields[i].doc, "%s", row->fields[i].name);
    }
    cr_assert_str_eq(notifications[NOTIFICATION_data].name, "sockd.data");
    cr_assert_str_eq(notifications[NOTIFICATION_data].fields[1].name, "offset");
}
