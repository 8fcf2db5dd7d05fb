/*
 * Text from anywhere made fit for a line of a log or a terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A place of a fixed size that text is added to, and that is never overrun. */
struct escape {
    char *text; /* not terminated */
    size_t length, size;
};

/* As it is, all of it or nothing; false if it does not fit. */
bool escape_add_raw(struct escape *out, const char *text, size_t length);

/*
 * Escaped: printable UTF-8 stays as it is, every other byte becomes \n, \x1b and their like. Stops
 * in front of the first `end`, at a byte 0, or at the first character that does not fit. Returns
 * where it stopped.
 */
const char *escape_add(struct escape *out, const char *text, char end);
