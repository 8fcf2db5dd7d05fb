/* The command line taken apart: options anywhere, what ends them, what is wrong. */
#include "client/ctl/command.h"

#include "client/ctl/verbs.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct ctl ctl;
static struct command command;

/* The words end with NULL. */
static int parse(const char *const *words)
{
    static char *argv[40];
    int argc = 0;

    for (; words[argc]; argc++)
        argv[argc] = shell_word(words[argc]);
    argv[argc] = NULL;
    memset(&ctl, 0, sizeof ctl);
    return command_parse(&command, &ctl, argc, argv);
}

#define PARSE(...) parse((const char *const[]){"sockctl", __VA_ARGS__, NULL})

Test(ctl_command, options_may_stand_anywhere)
{
    cr_assert_eq(PARSE("--json", "read", "--until", "x", "7", "--timeout", "5", "--raw", "8"), 0);
    cr_assert_eq(command.verb, &verb_read);
    cr_assert_eq(command.method, &methods[METHOD_read]);
    cr_assert_str_eq(ctl.verb, "read");
    cr_assert(ctl.json && ctl.raw && !ctl.help);
    cr_assert_str_eq(ctl.timeout, "5");
    cr_assert_eq(command.count, 2);
    cr_assert_str_eq(command.arguments[0], "7");
    cr_assert_str_eq(command.arguments[1], "8");
    cr_assert_str_eq(command_option(&command, "until"), "x");
    cr_assert_null(command_option(&command, "limit"));
    command_free(&command);
}

Test(ctl_command, two_dashes_end_them_and_one_is_an_argument)
{
    cr_assert_eq(PARSE("send", "7", "-", "-e", "--", "--json"), 0);
    cr_assert_eq(command.count, 3);
    cr_assert_str_eq(command.arguments[1], "-");
    cr_assert_str_eq(command.arguments[2], "--json");
    cr_assert(command_has(&command, "escapes"));
    cr_assert_not(command_has(&command, "once"));
    cr_assert_not(ctl.json);
    command_free(&command);
}

Test(ctl_command, parameters_are_options_too)
{
    setenv("POSIXLY_CORRECT", "1", 1);
    cr_assert_eq(
        PARSE("--socket", "/s", "connect", "h", "--port", "80", "--name=web", "--port", "81"), 0);
    cr_assert_str_eq(ctl.socket, "/s");
    cr_assert_str_eq(command_option(&command, "port"), "81");
    cr_assert_str_eq(command_option(&command, "name"), "web");
    command_free(&command);
}

Test(ctl_command, help_and_version_need_no_command)
{
    cr_assert_eq(PARSE("--help"), 0);
    cr_assert(ctl.help);
    cr_assert_null(command.verb);
    cr_assert_eq(PARSE("--version"), 0);
    cr_assert(ctl.version);
    cr_assert_eq(PARSE("close", "--help"), 0);
    cr_assert(ctl.help);
    command_free(&command);
}

static void is_wrong(const struct shell *shell, const char *message)
{
    cr_assert_eq(shell->status, 2);
    cr_assert_str_empty(shell->out);
    cr_assert_eq(strncmp(shell->err, message, strlen(message)), 0, "%s", shell->err);
    cr_assert_not_null(strstr(shell->err, "--help\n"));
}

Test(ctl_command, mistakes)
{
    is_wrong(shell_run(NULL, NULL), "sockctl: which command?");
    is_wrong(shell_run("--bad", NULL), "sockctl: there is no option --bad");
    is_wrong(shell_run("--socket", NULL), "sockctl: --socket needs a value");
    is_wrong(shell_run("frobnicate", NULL), "sockctl: there is no command frobnicate");
    is_wrong(shell_run("read", "7", "--bad", NULL), "sockctl: read: there is no option --bad");
    is_wrong(shell_run("read", "7", "-z", NULL), "sockctl: read: there is no option -z");
    is_wrong(shell_run("read", "7", "--until", NULL), "sockctl: read: --until needs a value");
    is_wrong(shell_run("read", "-e", "7", NULL), "sockctl: read: there is no option -e");
}

Test(ctl_command, more_options_than_anybody_needs)
{
    const char *words[38] = {"sockctl", "read"};

    for (int i = 2; i < 37; i++)
        words[i] = "--limit=1";
    cr_assert_eq(parse(words), 2);
    command_free(&command);
}
