/* What --help says of the options. */
#include "config/options_table.h"

#include <string.h>

/* Words of `text`, in lines that begin at column `indent` and end before 80. */
static int print_wrapped(FILE *out, const char *text, int indent, int column)
{
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column + 1 + length > 80 && column > indent) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        bool first = column == indent;
        fprintf(out, "%s%.*s", first ? "" : " ", length, text);
        column += length + !first;
        text += length + (text[length] == ' ');
    }
    return column;
}

static void print_row(FILE *out, const struct options_row *row)
{
    enum { COLUMN = 26 };
    const char *argument = row->argument ? row->argument : "";
    int width = fprintf(out, "  --%s%s%s", row->name, *argument ? " " : "", argument);
    fprintf(out, "%*s", width < COLUMN ? COLUMN - width : 1, "");
    int column = print_wrapped(out, row->help, COLUMN, COLUMN);
    if (row->fallback && row->argument) {
        char text[64];
        snprintf(text, sizeof text, "(default %s)", row->fallback);
        print_wrapped(out, text, COLUMN, column);
    }
    fputc('\n', out);
}

/* Rows whose commands are all of `with` and none of `without`. */
static void print_rows(FILE *out, unsigned with, unsigned without)
{
    for (size_t i = 0; i < options_row_count; i++)
        if ((options_rows[i].where & with) == with && !(options_rows[i].where & without))
            print_row(out, &options_rows[i]);
}

void options_help(FILE *out)
{
    fputs("Usage: sockd [option…]\n"
          "       sockd run [option…] script.lua [argument…]\n"
          "       sockd check [option…] file…\n\n"
          "The first serves the clients of the control socket, and handler scripts, until\n"
          "SIGTERM; the second runs one script to its end; the third looks for mistakes in\n"
          "handler scripts and configuration files without running them.\n\n"
          "Of all:\n",
          out);
    print_rows(out, OPTIONS_IN_SERVE | OPTIONS_IN_RUN | OPTIONS_IN_CHECK, 0);
    fputs("\nOf the daemon and of run:\n", out);
    print_rows(out, OPTIONS_IN_SERVE | OPTIONS_IN_RUN, OPTIONS_IN_CHECK);
    fputs("\nOf run:\n", out);
    print_rows(out, OPTIONS_IN_RUN, OPTIONS_IN_SERVE | OPTIONS_IN_CHECK);
    fputs("\nOf the daemon and of check:\n", out);
    print_rows(out, OPTIONS_IN_SERVE | OPTIONS_IN_CHECK, OPTIONS_IN_RUN);
    fputs("\nOf the daemon:\n", out);
    print_rows(out, OPTIONS_IN_SERVE, OPTIONS_IN_RUN | OPTIONS_IN_CHECK);
    fputs("\n--no-jit, --no-ffi and --no-nonblock take back what a configuration file says.\n",
          out);
}
