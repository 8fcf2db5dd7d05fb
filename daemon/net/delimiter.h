/*
 * The search for the end of a line: the earliest end of any of several delimiters in bytes that
 * arrive in pieces.
 */
#pragma once

#include "net/op.h"

/*
 * The length up to and including the delimiter that ends first in `data`, or 0 when none is there.
 * The first `scanned` bytes are known to hold none whole.
 */
size_t delimiter_find(const uint8_t *data, size_t length, size_t scanned,
                      const struct slice *delimiters, uint32_t count);

/* A number for a set of delimiters: what was scanned for one set counts for the same set only. */
uint64_t delimiter_key(const struct slice *delimiters, uint32_t count);
