/*
 * Standard output, written without ever waiting for its reader: what does not go out at once is
 * kept in order and goes when there is room.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct output;

/* `drained` is called from the loop when all that was kept has gone. -ENOMEM. */
int output_new(struct output **out, struct loop *loop, int fd, void (*drained)(void *context),
               void *context);

/* What is still kept is lost; see output_flush. NULL is allowed. */
void output_free(struct output *output);

/* -ENOMEM, and nothing is written. To a reader that is gone everything is written. */
int output_write(struct output *output, const char *data, size_t length);

/* Bytes that are kept. */
size_t output_pending(const struct output *output);

/* Writes what is kept, waiting for the reader. */
void output_flush(struct output *output);
