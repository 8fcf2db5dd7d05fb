/*
 * Parameters written by the caller. See sockd/args.h.
 */
#include "client/args_private.h"

#include "protocol/limits.h"

#include <errno.h>
#include <stdlib.h>

struct sockd_args *sockd_args_new(void)
{
    struct sockd_args *args = malloc(sizeof *args);

    if (args)
        writer_init_heap(&args->writer, LIMIT_MESSAGE);
    return args;
}

void sockd_args_free(struct sockd_args *args)
{
    if (!args)
        return;
    writer_free_heap(&args->writer);
    free(args);
}

void sockd_args_clear(struct sockd_args *args)
{
    if (args)
        writer_rewind(&args->writer, 0);
}

void sockd_args_nil(struct sockd_args *args)
{
    if (args)
        writer_nil(&args->writer);
}

void sockd_args_bool(struct sockd_args *args, bool value)
{
    if (args)
        writer_bool(&args->writer, value);
}

void sockd_args_int(struct sockd_args *args, int64_t value)
{
    if (args)
        writer_int(&args->writer, value);
}

void sockd_args_double(struct sockd_args *args, double value)
{
    if (args)
        writer_double(&args->writer, value);
}

void sockd_args_text(struct sockd_args *args, const char *text)
{
    if (args)
        writer_text(&args->writer, text);
}

void sockd_args_str(struct sockd_args *args, const char *data, size_t size)
{
    if (args)
        writer_str(&args->writer, data, size);
}

void sockd_args_bytes(struct sockd_args *args, const void *data, size_t size)
{
    if (args)
        writer_bin(&args->writer, data, size);
}

void sockd_args_array(struct sockd_args *args, uint32_t count)
{
    if (args)
        writer_array(&args->writer, count);
}

void sockd_args_map(struct sockd_args *args, uint32_t pairs)
{
    if (args)
        writer_map(&args->writer, pairs);
}

int args_count(const struct sockd_args *args, uint32_t *count)
{
    *count = 0;
    if (!args)
        return 0;
    if (args->writer.error)
        return args->writer.error;
    if (args->writer.size == 0)
        return 0;
    struct view view = view_of(args->writer.data, args->writer.size);
    while (view_left(&view) > 0) {
        if (!view_skip(&view))
            return -EINVAL;
        (*count)++;
    }
    return 0;
}
