/* Memory for the making of a Lua machine; see nursery.h. */
#include "config/nursery.h"

#include "util/error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Several times what lua_newstate takes; what is left untouched costs nothing. */
#define NURSERY_SIZE  ((size_t)128 << 10)
#define NURSERY_ALIGN ((size_t)16)

int nursery_init(struct nursery *nursery)
{
    *nursery = (struct nursery){.memory = malloc(NURSERY_SIZE)};
    return nursery->memory != NULL ? 0 : -ENOMEM;
}

void nursery_deinit(struct nursery *nursery)
{
    free(nursery->memory);
    *nursery = (struct nursery){0};
}

void nursery_leave(struct nursery *nursery)
{
    nursery->grown = true;
}

static bool is_inside(const struct nursery *nursery, const void *block)
{
    uintptr_t begin = (uintptr_t)nursery->memory, at = (uintptr_t)block;
    return at >= begin && at < begin + NURSERY_SIZE;
}

static void *take(struct nursery *nursery, size_t size)
{
    size_t rounded = (size + NURSERY_ALIGN - 1) / NURSERY_ALIGN * NURSERY_ALIGN;
    if (nursery->grown || rounded > NURSERY_SIZE - nursery->used)
        return malloc(size);
    nursery->used += rounded;
    return nursery->memory + nursery->used - rounded;
}

static void give(const struct nursery *nursery, void *block)
{
    if (!is_inside(nursery, block))
        free(block);
}

static void *resize(struct nursery *nursery, void *block, size_t had, size_t size)
{
    if (!is_inside(nursery, block))
        return realloc(block, size);
    if (size <= had)
        return block;
    void *bigger = take(nursery, size);
    if (bigger != NULL)
        memcpy(bigger, block, had);
    return bigger;
}

void *nursery_change(struct nursery *nursery, void *block, size_t had, size_t size)
{
    if (size > 0)
        return had > 0 ? resize(nursery, block, had, size) : take(nursery, size);
    if (had > 0)
        give(nursery, block);
    return NULL;
}
