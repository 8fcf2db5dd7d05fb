/*
 * Prints what sockd.api answers as JSON, without a daemon: scripts/protocol_doc.py and
 * scripts/golden.py read it.
 */
#include "protocol/api.h"
#include "protocol/limits.h"
#include "protocol/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The table is ASCII but for quotes and the like. */
static void print_text(const char *data, size_t size)
{
    putchar('"');
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '"' || data[i] == '\\')
            putchar('\\');
        putchar(data[i]);
    }
    putchar('"');
}

static void print_value(struct view *view);

static void print_container(struct view *view, uint32_t count, bool is_map)
{
    putchar(is_map ? '{' : '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            putchar(',');
        print_value(view);
        if (is_map) {
            putchar(':');
            print_value(view);
        }
    }
    putchar(is_map ? '}' : ']');
}

static void print_value(struct view *view)
{
    struct view_value value;

    if (!view_next(view, &value))
        abort();
    if (value.type == VIEW_ARRAY || value.type == VIEW_MAP)
        print_container(view, value.count, value.type == VIEW_MAP);
    else if (value.type == VIEW_STR)
        print_text(value.bytes.data, value.bytes.size);
    else if (value.type == VIEW_INT)
        printf("%" PRId64, value.integer);
    else if (value.type == VIEW_BOOL)
        printf("%s", value.boolean ? "true" : "false");
    else
        abort();
}

int main(void)
{
    struct writer writer;

    writer_init_heap(&writer, LIMIT_MESSAGE);
    api_put(&writer);
    if (writer.error)
        return EXIT_FAILURE;
    struct view view = view_of(writer.data, writer.size);
    print_value(&view);
    putchar('\n');
    writer_free_heap(&writer);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
