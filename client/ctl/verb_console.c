/*
 * console: a Lua prompt in the daemon.
 */
#include "client/ctl/console.h"
#include "client/ctl/console_line.h"
#include "client/ctl/interrupt.h"
#include "client/ctl/report.h"
#include "client/ctl/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prompt[] = "sockd> ";
static const char prompt_more[] = "     > ";

/* What has been typed of a statement so far. */
struct statement {
    char *text;
    size_t size;
};

static bool add_line(struct statement *statement, const char *line)
{
    size_t size = strlen(line);
    char *grown = realloc(statement->text, statement->size + size + 1);

    if (!grown)
        return false;
    memcpy(grown + statement->size, line, size + 1);
    statement->text = grown;
    statement->size += size;
    return true;
}

static void clear(struct statement *statement)
{
    free(statement->text);
    *statement = (struct statement){.text = NULL};
}

/* Without the last end of line, which would be a part of error messages. */
static char *stripped(const struct statement *statement)
{
    size_t size = statement->size;

    while (size > 0 && strchr("\r\n", statement->text[size - 1]))
        size--;
    return strndup(statement->text, size);
}

/* What the console does about a statement's outcome: the status that it ends with, or 0. */
static int settle(const struct console_line *line, int status)
{
    if (status == CTL_INTERRUPTED && console_line_is_terminal(line)) {
        interrupt_clear();
        return 0;
    }
    return status == CTL_FAILED || status == CTL_TIMEOUT ? 0 : status;
}

/* Runs the statement if it is complete. An exit status with which the console ends, or 0. */
static int run_statement(struct console *console, struct console_line *line,
                         struct statement *statement)
{
    char *text = stripped(statement);

    if (!text)
        return report_memory(console->ctl);
    int status = console_run(console, text);
    if (status != CTL_INCOMPLETE) {
        console_line_remember(line, text);
        clear(statement);
    }
    free(text);
    return status == CTL_INCOMPLETE ? 0 : settle(line, status);
}

/* The input has ended, a line was given up, or reading has failed. A status with which the console
 * ends, or -1. */
static int end_line(struct console *console, struct console_line *line, struct statement *statement)
{
    int error = errno;
    bool interrupted = interrupt_came();

    if (interrupted && console_line_is_terminal(line)) {
        interrupt_clear();
        clear(statement);
        putchar('\n');
        return -1;
    }
    if (interrupted)
        return CTL_INTERRUPTED;
    if (error)
        return report_local(console->ctl, "standard input", -error);
    if (console_line_is_terminal(line))
        putchar('\n');
    if (statement->size == 0)
        return 0;
    return report_usage(console->ctl->verb, "the input ends within a statement");
}

static int run_lines(struct console *console, struct console_line *line)
{
    struct statement statement = {.text = NULL};
    int status = 0;

    while (!status) {
        const char *text = console_line_read(line, statement.size > 0 ? prompt_more : prompt);
        if (!text) {
            status = end_line(console, line, &statement);
            if (status >= 0)
                break;
            status = 0;
        } else if (!add_line(&statement, text)) {
            status = report_memory(console->ctl);
        } else {
            status = run_statement(console, line, &statement);
        }
    }
    clear(&statement);
    return status;
}

static int run(struct ctl *ctl, const struct command *command)
{
    struct console console;

    if (command->count > 0)
        return report_usage(ctl->verb, "too many arguments");
    int status = console_start(&console, ctl);
    struct console_line *line = status ? NULL : console_line_open(&console);
    if (line) {
        status = run_lines(&console, line);
        console_line_close(line);
    } else if (!status) {
        status = report_memory(ctl);
    }
    console_end(&console);
    return status;
}

const struct verb verb_console = {
    .name = "console",
    .arguments = "",
    .doc = "A Lua prompt in the daemon; answers are YAML, Ctrl-C cancels, Ctrl-D leaves",
    .run = run,
};
