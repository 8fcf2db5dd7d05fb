/* The one call: no daemon, a hanging one, a deadline in place of the daemon's. */
#include "client/ctl/remote.h"

#include "peer.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

Test(ctl_remote, without_a_daemon_it_is_told_what_to_do)
{
    const struct shell *shell = shell_run("--socket", "/nowhere/at/all", "ping", NULL);

    cr_assert_eq(shell->status, 3);
    cr_assert_eq(strncmp(shell->err, "sockctl: ping: /nowhere/at/all: ENOENT: ", 40), 0);
    cr_assert_not_null(strstr(shell->err, "Start one"));
}

/* Answers nothing but a cancel, with the failure that belongs to it. */
static void hang(int fd, void *context)
{
    struct peer_request request, cancel;

    (void)context;
    if (!peer_receive(fd, &request))
        return;
    if (peer_receive(fd, &cancel)) {
        peer_fail(fd, &request, &(struct message_error){.number = ECANCELED});
        peer_request_free(&cancel);
    }
    peer_request_free(&request);
    char byte;
    recv(fd, &byte, 1, 0);
}

Test(ctl_remote, a_method_that_knows_no_timeout_has_one_here)
{
    struct peer peer;

    peer_start(&peer, 1, hang, NULL);
    const struct shell *shell = shell_run("eval", "forever()", "--timeout", "0.05", NULL);
    cr_assert_eq(shell->status, 124);
    cr_assert_str_eq(shell->err, "sockctl: eval: ETIMEDOUT: Connection timed out\n");
    peer_stop(&peer);
}

static void hang_up(int fd, void *context)
{
    struct peer_request request;

    (void)context;
    if (peer_receive(fd, &request))
        peer_request_free(&request);
}

Test(ctl_remote, a_daemon_that_dies)
{
    struct peer peer;

    peer_start(&peer, 1, hang_up, NULL);
    const struct shell *shell = shell_run("ping", NULL);
    cr_assert_eq(shell->status, 3);
    cr_assert_str_eq(shell->err, "sockctl: ping: ECONNRESET: The daemon closed the connection\n");
    peer_stop(&peer);
}
