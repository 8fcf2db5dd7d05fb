/* Help: of the program, and of every command. */
#include "client/ctl/help.h"

#include "client/ctl/verbs.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <string.h>

static void has(const struct shell *shell, const char *text)
{
    cr_assert_eq(shell->status, 0);
    cr_assert_str_empty(shell->err);
    cr_assert_not_null(strstr(shell->out, text), "no \"%s\" in:\n%s", text, shell->out);
}

Test(ctl_help, the_program_lists_every_command)
{
    const struct shell *shell = shell_run("--help", NULL);

    has(shell, "Usage: sockctl");
    has(shell, "Exit status: 0 done");
    for (size_t i = 0; verbs[i]; i++) {
        if (verbs[i]->name[0] != '_')
            has(shell, verbs[i]->name);
    }
    cr_assert_null(strstr(shell->out, "__complete"));
    for (int id = 0; id < METHOD_COUNT; id++)
        has(shell, methods[id].name);
}

Test(ctl_help, every_method_has_its_own)
{
    for (int id = 0; id < METHOD_COUNT; id++) {
        const struct shell *shell = shell_run(methods[id].name, "--help", NULL);
        has(shell, "Usage: sockctl ");
        has(shell, methods[id].name);
    }
}

Test(ctl_help, what_it_says_about_one)
{
    has(shell_run("send", "--help", NULL), "Usage: sockctl send HANDLE DATA|-\n");
    has(shell_run("send", "--help", NULL), "  -e,  --escapes\n");
    has(shell_run("connect", "--help", NULL), "Usage: sockctl connect HOST [PORT] [TIMEOUT]\n");
    has(shell_run("connect", "--help", NULL), "--name NAME");
    has(shell_run("accept", "--help", NULL), "--share SHARE\n      \"group\" or \"none\";");
    has(shell_run("set", "--help", NULL), "Usage: sockctl set HANDLE\n");
    has(shell_run("set", "--help", NULL), "--ttl TTL");
    has(shell_run("eval", "--help", NULL), "Usage: sockctl eval TEXT [JSON ...]\n");
    has(shell_run("call", "--help", NULL), "Usage: sockctl call METHOD [JSON ...]\n");
    has(shell_run("ping", "--help", NULL), "Usage: sockctl ping\n\nAnswers pong.\n");
}
