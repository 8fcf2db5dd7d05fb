/* Any method as a command: its call, its result, its failure. */
#include "peer.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(ctl_verb_method, goes_there_and_back)
{
    struct peer peer;
    struct peer_reply reply = PEER_REPLY("\xa4pong");

    peer_start(&peer, 1, peer_reply, &reply);
    const struct shell *shell = shell_run("sockd.ping", NULL);
    cr_assert_eq(shell->status, 0);
    cr_assert_str_eq(shell->out, "pong\n");
    peer_stop(&peer);
}

Test(ctl_verb_method, a_failure_is_named_by_the_word_that_was_typed)
{
    const struct message_error failure = {.number = ECONNREFUSED};
    struct peer peer;
    struct peer_reply reply = {.error = &failure};

    peer_start(&peer, 1, peer_reply, &reply);
    const struct shell *shell = shell_run("connect", "h", "80", NULL);
    cr_assert_eq(shell->status, 1);
    cr_assert_str_eq(shell->err, "sockctl: connect: ECONNREFUSED: Connection refused\n");
    peer_stop(&peer);
}
