/* What the build makes of the table. */
#include "config/config.h"
#include "config/options_table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *text;
static size_t size;

static void make(void (*print)(FILE *out))
{
    FILE *out = open_memstream(&text, &size);
    print(out);
    fclose(out);
}

static void parse(struct options *options)
{
    char reason[512] = "";
    cr_assert_eq(options_init(options), 0);
    cr_assert_eq(config_parse(options, "example", text, size, reason, sizeof reason), 0, "%s",
                 reason);
}

/* Values of a row in two sets of options are the same. */
static bool same(const struct options *a, const struct options *b, const struct options_row *row)
{
    struct options_value x, y;
    options_get(a, row, &x);
    options_get(b, row, &y);
    if (x.type != y.type)
        return false;
    switch (x.type) {
    case OPTIONS_TEXT:
        return strcmp(x.text, y.text) == 0;
    case OPTIONS_NUMBER:
        return x.number == y.number;
    case OPTIONS_BOOLEAN:
        return x.boolean == y.boolean;
    case OPTIONS_LIST:
        return x.count == y.count;
    default:
        return true;
    }
}

Test(options_doc, the_example_is_a_configuration_that_changes_nothing)
{
    struct options options, defaults;
    make(options_example);
    parse(&options);
    cr_assert_eq(options_init(&defaults), 0);
    for (size_t i = 0; i < options_row_count; i++)
        cr_assert(same(&options, &defaults, &options_rows[i]), "%s", options_rows[i].name);
    options_deinit(&options);
    options_deinit(&defaults);
    free(text);
}

/* With its values in force it is one too, and every option has one. */
Test(options_doc, what_the_example_has_commented_out_can_be_used)
{
    struct options options;
    make(options_example);
    for (size_t i = 0; i < options_row_count; i++) {
        char key[OPTIONS_NAME], line[64];
        if (!(options_rows[i].where & OPTIONS_IN_FILE))
            continue;
        snprintf(line, sizeof line, "    -- %s = ", options_key(&options_rows[i], key));
        char *at = strstr(text, line);
        cr_assert_not_null(at, "%s", line);
        memset(at, ' ', strlen("    -- "));
    }
    parse(&options);
    cr_assert_str_eq(options.socket_path, "/run/sockd/sockd.sock");
    cr_assert_eq(options.lua_memory, (size_t)512 << 20);
    cr_assert_eq(options.load_count, 1);
    options_deinit(&options);
    free(text);
}

Test(options_doc, lines_are_of_a_width_that_editors_like)
{
    make(options_example);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        cr_assert_leq(strlen(line), 100, "%s", line);
    free(text);
}

Test(options_doc, the_manual_has_every_option_and_no_stray_markup)
{
    make(options_manual);
    for (size_t i = 0; i < options_row_count; i++) {
        char head[64];
        snprintf(head, sizeof head, "*--%s*", options_rows[i].name);
        cr_assert_not_null(strstr(text, head), "%s", head);
    }
    cr_assert_not_null(strstr(text, "(\\*.lua, by name)"));
    free(text);
    make(options_manual_file);
    cr_assert_not_null(strstr(text, "*lua_memory* = _BYTES_\n\tWhat Lua may hold. Default: 512M."));
    cr_assert_null(strstr(text, "*config*"));
    free(text);
}
