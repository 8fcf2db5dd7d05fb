/* See trace.h. */
#include "fiber/trace.h"

#include "fiber/fiber_private.h"

#include <stdio.h>
#include <string.h>

/* More is a recursion. */
enum { TRACE_LEVELS = 24 };

/* A number of bytes that snprintf(3) has, or would have, written. */
static size_t trace_length(int length, size_t size)
{
    return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

static size_t trace_name(const struct fiber *fiber, char *out, size_t size)
{
    char name[FIBER_NAME_MAX + 1] = "lua";
    if (fiber->rare != NULL && fiber->rare->name != NULL)
        snprintf(name, sizeof name, "%s", fiber->rare->name);
    else if (fiber->maker != NULL && fiber->maker->name != NULL)
        name[fiber->maker->name(fiber->maker_context, name)] = 0;
    return trace_length(snprintf(out, size, "handler %s", name), size);
}

static size_t trace_level(lua_State *L, lua_Debug *record, char *out, size_t size)
{
    if (lua_getinfo(L, "nSl", record) == 0)
        return 0;
    const char *name = record->name != NULL ? record->name : "";
    if (record->currentline < 0)
        return trace_length(snprintf(out, size, "\nin C: %s", name), size);
    return trace_length(
        snprintf(out, size, "\n%s:%d: %s", record->short_src, record->currentline, name), size);
}

size_t fiber_trace(const struct fiber *fiber, char *out, size_t size)
{
    lua_Debug record;
    size_t length = trace_name(fiber, out, size);
    for (int level = 0; level < TRACE_LEVELS && lua_getstack(fiber->L, level, &record) == 1;
         level++)
        length += trace_level(fiber->L, &record, out + length, size - length);
    return length;
}
