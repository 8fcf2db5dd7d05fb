/* call: any method, with JSON for parameters. */
#include "peer.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <string.h>

Test(ctl_verb_call, reaches_anything)
{
    struct peer peer;
    struct peer_reply reply = PEER_REPLY("\xc4\x02hi");

    peer_start(&peer, 3, peer_reply, &reply);
    const struct shell *shell =
        shell_run("call", "new.method", "1", "\"x\"", "{\"base64\":\"/w==\"}", NULL);
    cr_assert_eq(shell->status, 0);
    cr_assert_str_eq(shell->out, "hi\n");
    cr_assert_str_eq(reply.method, "new.method");
    cr_assert_str_eq(reply.params, "01a178c401ff");
    shell = shell_run("call", "read", "7", "2", NULL);
    cr_assert_str_eq(shell->out, "hi", "a known method's result has its own form");
    shell = shell_run("call", "new.method", "--json", NULL);
    cr_assert_str_eq(shell->out, "{\"result\":\"hi\"}\n");
    peer_stop(&peer);
}

Test(ctl_verb_call, mistakes)
{
    cr_assert_eq(shell_run("call", NULL)->status, 2);
    const struct shell *shell = shell_run("call", "x", "{", NULL);
    cr_assert_eq(shell->status, 2);
    cr_assert_not_null(strstr(shell->err, "sockctl: call: {: not JSON: "));
}
