/* Results on standard output: every type in words and in JSON, and on a terminal. */
#include "client/ctl/output.h"

#include "peer.h"
#include "shell.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct peer peer;
static struct peer_reply reply;

static void stop(void)
{
    peer_stop(&peer);
}

static void start(void)
{
    peer_start(&peer, 1000, peer_reply, &reply);
}

TestSuite(ctl_output, .init = start, .fini = stop);

#define ANSWER(bytes) (reply.result = (bytes), reply.size = sizeof(bytes) - 1)
#define ADDRESS        \
    "\x82\xa4host\xa9" \
    "127.0.0.1\xa4port\x50"

static void prints(const struct shell *shell, const char *text)
{
    cr_assert_eq(shell->status, 0, "%s", shell->err);
    cr_assert_str_eq(shell->out, text);
}

Test(ctl_output, scalars)
{
    ANSWER("\xc3");
    prints(shell_run("close", "7", NULL), "");
    prints(shell_run("close", "7", "--json", NULL), "{\"result\":true}\n");
    prints(shell_run("readable", "7", NULL), "true\n");
    ANSWER("\x05");
    prints(shell_run("errno", "7", NULL), "5\n");
    prints(shell_run("socket", "AF_INET", "SOCK_STREAM", NULL), "5\n");
    prints(shell_run("socket", "AF_INET", "SOCK_STREAM", "--json", NULL), "{\"id\":5}\n");
    prints(shell_run("syswrite", "7", "hello", NULL), "5\n");
    prints(shell_run("syswrite", "7", "hello", "--json", NULL), "{\"sent\":5}\n");
    ANSWER("\xc0");
    prints(shell_run("error", "7", NULL), "");
    prints(shell_run("error", "7", "--json", NULL), "{\"result\":null}\n");
    ANSWER("\xa4"
           "gone");
    prints(shell_run("error", "7", NULL), "gone\n");
    ANSWER("\xa2RW");
    prints(shell_run("wait", "7", NULL), "RW\n");
}

Test(ctl_output, data)
{
    ANSWER("\xc4\x04"
           "a\0\xff\n");
    const struct shell *shell = shell_run("sysread", "7", NULL);
    cr_assert_eq(shell->out_size, 4);
    cr_assert_eq(memcmp(shell->out, "a\0\xff\n", 4), 0);
    prints(shell_run("sysread", "7", "--json", NULL), "{\"data\":{\"base64\":\"YQD/Cg==\"}}\n");
    ANSWER("\x92\xc4\x01x\xc0");
    prints(shell_run("recv", "7", "1", NULL), "x");
    prints(shell_run("recv", "7", "1", "--json", NULL), "{\"data\":\"x\",\"status\":null}\n");
    ANSWER("\x92\xc4\x01x\xa3"
           "eof");
    shell = shell_run("recv", "7", "2", NULL);
    cr_assert_eq(shell->status, 5);
    cr_assert_str_eq(shell->out, "x");
    cr_assert_eq(shell_run("recv", "7", "2", "--json", NULL)->status, 5);
}

Test(ctl_output, the_end_is_told_by_status)
{
    ANSWER("\xc4\x00");
    const struct shell *shell = shell_run("sysread", "7", "10", NULL);
    cr_assert_eq(shell->status, 5);
    cr_assert_str_empty(shell->out);
    cr_assert_eq(shell_run("sysread", "7", NULL)->status, 5);
    cr_assert_eq(shell_run("sysread", "7", "0", NULL)->status, 0);
}

Test(ctl_output, addresses)
{
    ANSWER(ADDRESS);
    prints(shell_run("name", "7", NULL), "127.0.0.1:80\n");
    prints(shell_run("name", "7", "--json", NULL), "{\"host\":\"127.0.0.1\",\"port\":80}\n");
    ANSWER("\x92\x05" ADDRESS);
    prints(shell_run("accept", "7", NULL), "5\n127.0.0.1:80\n");
    prints(shell_run("accept", "7", "--json", NULL),
           "{\"id\":5,\"address\":{\"host\":\"127.0.0.1\",\"port\":80}}\n");
    ANSWER("\x82\xa4host\xa3::1\xa4port\x50");
    prints(shell_run("name", "7", NULL), "[::1]:80\n");
    ANSWER("\x82\xa4host\xa5unix/\xa4port\xa2/p");
    prints(shell_run("name", "7", NULL), "unix/:/p\n");
    ANSWER("\x82\xa4host\xa1h\xa4port\xc3");
    prints(shell_run("name", "7", NULL), "{\"host\":\"h\",\"port\":true}\n");
}

Test(ctl_output, pairs_senders_and_options)
{
    ANSWER("\x92\x05\x06");
    prints(shell_run("socketpair", "1", "1", NULL), "5\n6\n");
    prints(shell_run("socketpair", "1", "1", "--json", NULL), "{\"ids\":[5,6]}\n");
    ANSWER("\x92\xc3\x06");
    prints(shell_run("linger", "7", NULL), "true\n6\n");
    prints(shell_run("linger", "7", "--json", NULL), "{\"active\":true,\"timeout\":6}\n");
    ANSWER("\x92\xc4\x01x" ADDRESS);
    prints(shell_run("recvfrom", "7", NULL), "x");
    prints(shell_run("recvfrom", "7", "--json", NULL),
           "{\"data\":\"x\",\"from\":{\"host\":\"127.0.0.1\",\"port\":80}}\n");
    ANSWER("\xa5"
           "cubic");
    prints(shell_run("getsockopt", "7", "tcp", "TCP_CONGESTION", NULL), "cubic\n");
    ANSWER("\x81\xa3pid\x05");
    prints(shell_run("getsockopt", "7", "socket", "SO_PEERCRED", NULL), "pid: 5\n");
    ANSWER("\xa1R");
    prints(shell_run("iowait", "7", "R", NULL), "R\n");
    ANSWER("\x91" ADDRESS);
    prints(shell_run("getaddrinfo", "h", "80", NULL), "127.0.0.1:80\n");
}

Test(ctl_output, maps_and_lists)
{
    ANSWER("\x83\xa1"
           "a\x01\xa1"
           "b\x91\x02\xa1"
           "c" ADDRESS);
    prints(shell_run("info", "7", NULL), "a: 1\nb: [2]\nc: 127.0.0.1:80\n");
    ANSWER("\x92\x81\xa1"
           "a\x01\x81\xa1"
           "a\x02");
    prints(shell_run("list", NULL), "{\"a\":1}\n{\"a\":2}\n");
    prints(shell_run("list", "--json", NULL), "{\"a\":1}\n{\"a\":2}\n");
    ANSWER("\x93\x01\xa1x\xc0");
    prints(shell_run("eval", "return", NULL), "1\nx\nnull\n");
    prints(shell_run("eval", "return", "--json", NULL), "{\"result\":[1,\"x\",null]}\n");
    ANSWER("\x07");
    prints(shell_run("eval", "return", NULL), "7\n");
}

/* Reads what a terminal is shown by a command line. */
static void shows(const char *expected, char **argv, int argc)
{
    int master, slave, saved = dup(STDOUT_FILENO);
    char text[256] = {0};

    cr_assert_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
    dup2(slave, STDOUT_FILENO);
    ctl_run(argc, argv);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    cr_assert_gt(read(master, text, sizeof text - 1), 0);
    cr_assert_str_eq(text, expected);
    close(master);
    close(slave);
}

Test(ctl_output, a_terminal_is_not_commanded_unless_it_is_wished)
{
    char *plain[] = {shell_word("sockctl"), shell_word("sysread"), shell_word("7"), NULL};
    char *raw[] = {shell_word("sockctl"), shell_word("--raw"), shell_word("sysread"),
                   shell_word("7"), NULL};

    ANSWER("\xc4\x05\x1b[2Jx");
    shows("\\x1b[2Jx", plain, 3);
    shows("\x1b[2Jx", raw, 4);
}
