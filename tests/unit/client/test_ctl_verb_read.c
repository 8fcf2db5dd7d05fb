/* read: whole answers, and short ones that tell of the end of the stream. */
#include "peer.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <string.h>

static struct peer peer;
static struct peer_reply reply;

static void start(void)
{
    peer_start(&peer, 1000, peer_reply, &reply);
}

static void stop(void)
{
    peer_stop(&peer);
}

TestSuite(ctl_verb_read, .init = start, .fini = stop);

static void gives(const struct shell *shell, int status, const char *out)
{
    cr_assert_eq(shell->status, status);
    cr_assert_str_eq(shell->out, out);
    cr_assert_str_empty(shell->err);
}

#define ANSWER(bytes) (reply.result = (bytes), reply.size = sizeof(bytes) - 1)

Test(ctl_verb_read, what_was_asked_for)
{
    ANSWER("\xc4\x05"
           "abc\r\n");
    gives(shell_run("read", "7", "5", NULL), 0, "abc\r\n");
    gives(shell_run("read", "7", "\\r\\n", NULL), 0, "abc\r\n");
    gives(shell_run("read", "7", "--until", ";", "--until", "\\n", NULL), 0, "abc\r\n");
    gives(shell_run("read", "7", "9", "--until", "\\n", NULL), 0, "abc\r\n");
    gives(shell_run("read", "7", "5", "--until", ";", NULL), 0, "abc\r\n");
    ANSWER("\xc4\x00");
    gives(shell_run("read", "7", "0", NULL), 0, "");
}

Test(ctl_verb_read, the_end_of_the_stream_before_it)
{
    ANSWER("\xc4\x03"
           "abc");
    gives(shell_run("read", "7", "5", NULL), 5, "abc");
    gives(shell_run("read", "7", "\\n", NULL), 5, "abc");
    gives(shell_run("read", "7", "--until", "longer than that", NULL), 5, "abc");
    gives(shell_run("read", "7", "5", "--json", NULL), 5, "{\"data\":\"abc\"}\n");
    ANSWER("\xc4\x00");
    gives(shell_run("read", "7", "5", NULL), 5, "");
}
