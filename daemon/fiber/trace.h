/*
 * Where a fiber is, for a report of a program that is about to end: from another thread, while the
 * loop's is held in the middle of whatever it does. Nothing is allocated or called in Lua; it reads
 * what may be half changed, so the caller must be ready for a fault.
 */
#pragma once

#include <stddef.h>

struct fiber;

/* Its name, and a line for each function of Lua that is active in it, the latest first, each behind
 * a line break. Returns the length, less than `size`. */
size_t fiber_trace(const struct fiber *fiber, char *out, size_t size);
