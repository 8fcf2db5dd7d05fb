/* One run of sockctl, from its words to its exit status. */
#include "client/ctl/ctl.h"

#include "peer.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Test(ctl_ctl, a_command_makes_one_call_and_no_other)
{
    struct peer peer;
    struct peer_reply reply = PEER_REPLY("\x00");

    peer_start(&peer, 1, peer_reply, &reply);
    const struct shell *shell = shell_run("errno", "7", NULL);
    cr_assert_eq(shell->status, 0);
    cr_assert_str_eq(shell->out, "0\n");
    cr_assert_str_empty(shell->err);
    peer_stop(&peer);
    cr_assert_eq(reply.requests, 1);
    cr_assert_str_eq(reply.method, "errno");
    cr_assert_str_eq(reply.params, "07");
}

Test(ctl_ctl, version)
{
    const struct shell *shell = shell_run("--version", NULL);

    cr_assert_eq(shell->status, 0);
    cr_assert_eq(strncmp(shell->out, "sockctl ", 8), 0);
}

Test(ctl_ctl, help_needs_no_daemon)
{
    cr_assert_eq(shell_run("read", "--help", NULL)->status, 0);
    cr_assert_eq(shell_run("--help", NULL)->status, 0);
}

/* A full disk must not pass for success; a reader that is gone is no news. */
Test(ctl_ctl, output_that_cannot_be_written)
{
    int saved = dup(STDOUT_FILENO), ends[2];
    char *argv[] = {shell_word("sockctl"), shell_word("--help"), NULL};

    cr_assert_not_null(freopen("/dev/full", "w", stdout));
    int status = ctl_run(2, argv);
    cr_assert_eq(status, CTL_FAILED);
    signal(SIGPIPE, SIG_IGN);
    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    dup2(ends[1], STDOUT_FILENO);
    clearerr(stdout);
    status = ctl_run(2, argv);
    dup2(saved, STDOUT_FILENO);
    cr_assert_eq(status, CTL_FAILED);
    close(ends[1]);
    close(saved);
}
