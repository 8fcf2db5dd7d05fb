/* Runs a command line of sockctl in this process and keeps what it prints. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct shell {
    int status;
    char out[1 << 16]; /* terminated; may hold zeros */
    size_t out_size;
    char err[1 << 13];
};

/* The words end with NULL; "sockctl" is put before them. The result is static. */
const struct shell *shell_run(const char *first, ...) __attribute__((sentinel));

/* A word of an argv, which is not const though nobody writes to it. */
static inline char *shell_word(const char *text)
{
    return (char *)(uintptr_t)text;
}

/* What the next run finds on its standard input. */
void shell_input(const void *data, size_t size);
