/* Tables that grow. */
#include "util/table.h"

#include <criterion/criterion.h>
#include <stdint.h>

Test(table, it_keeps_what_it_has_and_the_rest_is_zero)
{
    uint64_t *table = table_grow(NULL, 0, 4, sizeof(*table));
    cr_assert_not_null(table);
    size_t room = 4;
    for (int times = 0; times < 15; times++, room *= 2) {
        for (size_t i = 0; i < room; i++) {
            cr_assert_eq(table[i], i < room / 2 && times > 0 ? i + 1 : 0);
            table[i] = i + 1;
        }
        table = table_grow(table, room, 2 * room, sizeof(*table));
        cr_assert_not_null(table);
    }
    free(table);
}
