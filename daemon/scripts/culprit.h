/*
 * Who keeps the loop's thread, for the report of a daemon that hangs (loop/guard.h).
 */
#pragma once

#include <stddef.h>

/* `context` is the struct runtime. */
void culprit_describe(void *context, char *out, size_t size);
