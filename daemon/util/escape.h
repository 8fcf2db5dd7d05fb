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
 * at `end`, in front of a first `stop` (0: nothing stops it), or at a character that does not fit.
 * Returns where it stopped.
 */
const char *escape_add(struct escape *out, const char *text, const char *end, char stop);

/* All of a text that ends with a byte 0, as far as it fits. */
void escape_add_text(struct escape *out, const char *text);
