/* The options in scdoc's markup and as an example of a configuration file, for the build. */
#include "config/options_table.h"

#include <string.h>

/* ---- scdoc ---- */

/* Text in which nothing is markup. */
static void put_plain(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("*_\\", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
}

/* A sentence is made of the help: it begins with a capital and ends with a full stop. */
static void put_sentence(FILE *out, const char *text)
{
    fputc(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text, out);
    put_plain(out, text + 1);
    fputs(".", out);
}

static void put_description(FILE *out, const struct options_row *row)
{
    fputc('\t', out);
    put_sentence(out, row->help);
    if (row->fallback && row->argument)
        fprintf(out, " Default: %s.", row->fallback);
    fputs("\n\n", out);
}

void options_manual(FILE *out)
{
    for (size_t i = 0; i < options_row_count; i++) {
        const struct options_row *row = &options_rows[i];
        fprintf(out, "*--%s*", row->name);
        if (row->argument)
            fprintf(out, " _%s_", row->argument);
        fputc('\n', out);
        put_description(out, row);
    }
}

/* What stands on the right of the sign of equality. */
static void put_value(FILE *out, const struct options_row *row)
{
    const char *value = row->fallback ? row->fallback : row->example;
    bool bare = row->kind->types & OPTIONS_BOOLEAN || row->kind->types == OPTIONS_NUMBER ||
                (row->kind->types & OPTIONS_NUMBER && strspn(value, "0123456789") == strlen(value));
    if (row->kind->types & OPTIONS_LIST)
        fprintf(out, "{\"%s\"}", value);
    else
        fprintf(out, bare ? "%s" : "\"%s\"", value);
}

void options_manual_file(FILE *out)
{
    char key[OPTIONS_NAME];
    for (size_t i = 0; i < options_row_count; i++) {
        const struct options_row *row = &options_rows[i];
        if (!(row->where & OPTIONS_IN_FILE))
            continue;
        fprintf(out, "*%s*", options_key(row, key));
        fprintf(out, " = _%s_\n", row->argument ? row->argument : "true|false");
        put_description(out, row);
    }
}

/* ---- the example ---- */

/* Lua comments within a table, in lines of at most 96 columns. */
static void put_comment(FILE *out, const char *text)
{
    enum { WIDTH = 96 };
    int column = fprintf(out, "    --");
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column + 1 + length > WIDTH)
            column = fprintf(out, "\n    --");
        column += fprintf(out, " %.*s", length, text);
        text += length + (text[length] == ' ');
    }
    fputc('\n', out);
}

void options_example(FILE *out)
{
    char key[OPTIONS_NAME];
    fputs("-- The configuration of sockd; see sockd.lua(5). It is a file of Lua, read once at the\n"
          "-- start. What stands here commented out shows the default or an example. After a "
          "change:\n"
          "--     sockd check /etc/sockd/sockd.lua && systemctl restart sockd\n"
          "sockd.cfg {\n",
          out);
    for (size_t i = 0; i < options_row_count; i++) {
        const struct options_row *row = &options_rows[i];
        if (!(row->where & OPTIONS_IN_FILE))
            continue;
        put_comment(out, row->help);
        fprintf(out, "    -- %s = ", options_key(row, key));
        put_value(out, row);
        fputs(",\n\n", out);
    }
    fputs("}\n", out);
}
