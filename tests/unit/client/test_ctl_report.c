/* Messages and the exit statuses that go with them. */
#include "client/ctl/report.h"

#include "peer.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The status and message of a read that fails in that way. */
static void fails(const struct message_error *error, int status, const char *message)
{
    struct peer peer;
    struct peer_reply reply = {.error = error};

    peer_start(&peer, 1, peer_reply, &reply);
    const struct shell *shell = shell_run("read", "7", "5", NULL);
    peer_stop(&peer);
    cr_assert_eq(shell->status, status);
    cr_assert_str_eq(shell->err, message);
    cr_assert_str_empty(shell->out);
}

Test(ctl_report, what_the_daemon_says)
{
    fails(&(struct message_error){.number = ECONNRESET}, 1,
          "sockctl: read: ECONNRESET: Connection reset by peer\n");
    fails(&(struct message_error){.number = ETIMEDOUT}, 124,
          "sockctl: read: ETIMEDOUT: Connection timed out\n");
    fails(&(struct message_error){.number = EPERM, .refused = true, .text = "not yours"}, 4,
          "sockctl: read: EPERM: not yours\n");
    fails(&(struct message_error){.number = EIO, .name = "EAI_NONAME", .text = "no such name"}, 1,
          "sockctl: read: EAI_NONAME: no such name\n");
    fails(&(struct message_error){.number = EBADF, .text = "read: there is no socket 7"}, 1,
          "sockctl: read: EBADF: there is no socket 7\n");
    fails(&(struct message_error){.number = EPIPE, .has_sent = true, .sent = 5}, 1,
          "sockctl: read: EPIPE: Broken pipe (after 5 bytes)\n");
    fails(&(struct message_error){.number = EIO, .text = "\x1b[31m"}, 1,
          "sockctl: read: EIO: \\x1b[31m\n");
}

static struct ctl ctl = {.verb = "read", .socket = "/path"};

Test(ctl_report, advice)
{
    static const int errors[] = {-ENOENT, -ECONNREFUSED, -EACCES, -EPERM, -ETIMEDOUT, -EIO, -9999};
    int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);

    dup2(null, STDERR_FILENO);
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        cr_assert_eq(report_unreachable(&ctl, errors[i]), CTL_UNREACHABLE);
    cr_assert_eq(report_memory(&ctl), CTL_FAILED);
    cr_assert_eq(report_local(&ctl, "x", -EIO), CTL_FAILED);
    cr_assert_eq(report_usage("read", "%s", "x"), CTL_USAGE);
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(null);
}
