/*
 * Standard output, written without ever waiting for its reader: what does not go out at once is
 * kept in order and goes when there is room.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct sink;

/* `drained` is called from the loop when all that was kept has gone. -ENOMEM. */
int sink_new(struct sink **out, struct loop *loop, int fd, void (*drained)(void *context),
             void *context);

/* Writes to a pipe or a terminal by an open file of its own from now on, which does not block
 * whatever others do. */
void sink_own(struct sink *sink);

/* What is still kept is lost; see sink_flush. NULL is allowed. */
void sink_free(struct sink *sink);

/* -ENOMEM, and nothing is written. To a reader that is gone everything is written. */
int sink_write(struct sink *sink, const char *data, size_t length);

/* Bytes that are kept. */
size_t sink_pending(const struct sink *sink);

/* Writes what is kept, waiting for the reader until the deadline; the rest is lost. Returns what
 * has ever gone wrong in writing: 0, or the negative errno of write(2). */
int sink_flush(struct sink *sink, uint64_t deadline);
