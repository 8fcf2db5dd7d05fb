/*
 * Tables that grow with the numbers by which they are read: descriptors.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

/*
 * A copy of the table with room for `room` elements instead of `had`, the new ones zero; the old
 * one is free then. NULL when there is no memory, and nothing has changed. What is beyond the
 * largest number used costs no memory, since calloc(3) takes it from the kernel untouched.
 */
static inline void *table_grow(void *table, size_t had, size_t room, size_t element)
{
    void *grown = calloc(room, element);
    if (grown == NULL)
        return NULL;
    if (had > 0)
        memcpy(grown, table, had * element);
    free(table);
    return grown;
}
