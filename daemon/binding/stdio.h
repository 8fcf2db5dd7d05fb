/*
 * Standard output and standard error as Lua's io library has them in a service: `io.write` and
 * `io.stderr:write` never wait for a reader, since everybody would wait with them. While much is
 * kept for a reader that stalls they answer nil and EAGAIN's sentence.
 */
#pragma once

#include <stdio.h>

struct loop;
struct sink;

struct stdio {
    FILE *out, *err;    /* the process's own, while Lua has others; NULL */
    struct sink *error; /* where stderr writes to */
};

/* Puts other files into the place of stdout, which writes to `sink`, and stderr, until
 * stdio_deinit. To be called before the library is opened. -ENOMEM, and stdio_deinit is to be
 * called all the same. */
int stdio_init(struct stdio *stdio, struct loop *loop, struct sink *sink);

/* Hands what is in the buffers to the sinks. */
void stdio_flush(const struct stdio *stdio);

/* Gives the process its own back, after what is in the buffers has gone to the sink. A zeroed one
 * is allowed. */
void stdio_deinit(struct stdio *stdio);
